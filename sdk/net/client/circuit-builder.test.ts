import { describe, expect, it } from 'vitest'
import { fakeCircuit, fakeNode } from '../../../test/kit/fake-circuit.ts'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { encodeHex } from '../../codec/index.ts'
import { CraftecError, type ErrorCode } from '../../errors/index.ts'
import type { CircuitPath } from '../node/index.ts'
import { CircuitBuilder } from './circuit-builder.ts'

const never = new AbortController().signal
const NAMES = ['a', 'b', 'c', 'd', 'e']

function nameOf(identity: Uint8Array): string {
  return NAMES.find(name => encodeHex(fakeNode(name).identity) === encodeHex(identity)) ?? '?'
}

/** A network of five nodes, of which some are dead; paths take the first nodes that are not excluded. */
function setup(options: { dead?: string; code?: ErrorCode; hops?: number; linked?: boolean }) {
  const clock = new ManualClock()
  const attempts: string[] = []
  const outcomes: string[] = []
  const links: [string, boolean][] = []
  const show = (path: CircuitPath): string => path.hops.map(({ identity }) => nameOf(identity)).join('')
  const builder = new CircuitBuilder({
    clock,
    isLinked: () => options.linked ?? false,
    onAttempt: outcome => outcomes.push(outcome),
    chooser: {
      choose: ({ exclude }) => {
        const left = NAMES.filter(name => !exclude.includes(encodeHex(fakeNode(name).identity)))
        if (left.length < (options.hops ?? 2)) throw new CraftecError('no-path', 'too few nodes')
        return { hops: left.slice(0, options.hops ?? 2).map(name => fakeNode(name)) }
      },
      reportLink: ({ identity }, worked) => links.push([nameOf(identity), worked])
    },
    circuits: {
      build: async path => {
        attempts.push(show(path))
        if (path.hops.some(({ identity }) => options.dead?.includes(nameOf(identity))))
          throw new CraftecError(options.code ?? 'circuit-failed', 'dead')
        return fakeCircuit('c', path.hops)
      }
    }
  })
  return { builder, clock, attempts, outcomes, links }
}

describe('CircuitBuilder', () => {
  it('builds the first path when it works', async () => {
    const { builder, attempts, links } = setup({})
    expect((await builder.build({ hops: 1 }, undefined, never)).retries).toBe(0)
    expect(attempts).toEqual(['ab'])
    expect(links).toEqual([['a', true]])
  })

  it('goes around those who were in a circuit that failed, and says how often', async () => {
    const { builder, attempts, outcomes } = setup({ dead: 'a' })
    expect((await builder.build({ hops: 1 }, undefined, never)).retries).toBe(1)
    expect(attempts).toEqual(['ab', 'cd'])
    expect(outcomes).toEqual(['circuit-failed', 'built'])
  })

  it('keeps a first hop that answers when circuits fail behind it, and leaves it when nothing works through it', async () => {
    const behind = setup({ dead: 'bc', linked: true })
    await behind.builder.build({ hops: 1 }, undefined, never)
    expect(behind.attempts).toEqual(['ab', 'ac', 'ad'])
    expect(behind.links.every(([name, worked]) => name === 'a' && worked)).toBe(true)

    const guard = setup({ dead: 'a', linked: true })
    await guard.builder.build({ hops: 1 }, undefined, never)
    expect(guard.attempts.slice(0, 3)).toEqual(['ab', 'ac', 'ad'])
    expect(guard.attempts[3]).not.toContain('a')
  })

  it('remembers suspects for the next circuit, and forgets them after a minute', async () => {
    const { builder, clock, attempts } = setup({ dead: 'a' })
    await builder.build({ hops: 1 }, undefined, never)
    await builder.build({ hops: 1 }, undefined, never)
    expect(attempts.at(-1)).toBe('cd')
    clock.advance(60_001)
    await builder.build({ hops: 1 }, undefined, never)
    expect(attempts.slice(-2)).toEqual(['ab', 'cd'])
  })

  it('lets the least suspicious back in when nobody else is left', async () => {
    const { builder, attempts } = setup({ dead: 'a', hops: 4 })
    await builder.build({ hops: 3 }, undefined, never)
    expect(attempts).toEqual(['abcd', 'bcde'])
  })

  it('gives up after four dead paths, with the last failure as the cause', async () => {
    const { builder, attempts } = setup({ dead: 'abcde', code: 'timeout' })
    await expect(builder.build({ hops: 1 }, undefined, never)).rejects.toMatchObject({
      code: 'circuit-failed',
      cause: { code: 'timeout' }
    })
    expect(attempts.length).toBe(4)
  })

  it('does not try again when another path is no help', async () => {
    const { builder, attempts } = setup({ dead: 'a', code: 'stopped' })
    await expect(builder.build({ hops: 1 }, undefined, never)).rejects.toMatchObject({ code: 'stopped' })
    expect(attempts.length).toBe(1)
  })

  it('ends with the signal', async () => {
    const { builder, attempts } = setup({})
    const reason = new CraftecError('timeout', 'too late')
    await expect(builder.build({ hops: 1 }, undefined, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(attempts).toEqual([])
  })

  it('says that there is no path when there was none to begin with', async () => {
    const { builder, outcomes } = setup({ hops: 6 })
    await expect(builder.build({ hops: 4 }, undefined, never)).rejects.toMatchObject({ code: 'no-path' })
    expect(outcomes).toEqual([])
  })
})
