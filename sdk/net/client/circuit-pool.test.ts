import { describe, expect, it } from 'vitest'
import { type FakeCircuit, fakeCircuit, fakeNode } from '../../../test/kit/fake-circuit.ts'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { CraftecError } from '../../errors/index.ts'
import type { PathRules } from '../fetch/index.ts'
import { CircuitPool } from './circuit-pool.ts'

const RULES: PathRules = { hops: 3 }
const TARGET = { host: 'a.test', port: 80 }
const never = new AbortController().signal

function setup(
  options: { ports?: (id: string) => [number, number]; fail?: (attempt: number) => CraftecError | undefined } = {}
) {
  const clock = new ManualClock()
  const built: FakeCircuit[] = []
  const asked: { rules: PathRules; port: number | undefined }[] = []
  const pool = new CircuitPool({
    clock,
    spareRules: RULES,
    build: async (rules, target) => {
      asked.push({ rules, port: target?.port })
      const error = options.fail?.(asked.length)
      if (error) throw error
      const id = `c${built.length + 1}`
      const circuit = fakeCircuit(id, [fakeNode('exit', options.ports?.(id))])
      built.push(circuit)
      return { circuit, retries: 0 }
    }
  })
  const use = async (rules: PathRules, isolation: string): Promise<FakeCircuit> => {
    const { circuit } = await pool.acquire(rules, isolation, TARGET, never)
    const fake = built.find(other => other === circuit)
    if (!fake) throw new Error('not one of ours')
    fake.streams.open++
    return fake
  }
  return { clock, pool, built, asked, use }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

describe('CircuitPool', () => {
  it('streams of one origin share a circuit; other origins and other rules get their own', async () => {
    const { use } = setup()
    const first = await use(RULES, 'a')
    expect(await use(RULES, 'a')).toBe(first)
    const others = [
      await use(RULES, 'b'),
      await use({ hops: 1 }, 'a'),
      await use({ hops: 3, exit: { country: 'DE' } }, 'a'),
      await use({ hops: 3, exit: { identity: 'x' } }, 'a')
    ]
    expect(new Set([first, ...others]).size).toBe(5)
  })

  it('two streams that start at once wait for one circuit', async () => {
    const { use, asked } = setup()
    const [a, b] = await Promise.all([use(RULES, 'a'), use(RULES, 'a')])
    expect(a).toBe(b)
    expect(asked.filter(({ port }) => port === 80).length).toBe(1)
  })

  it('a spare stands ready, goes to the first origin that needs it, and is replaced', async () => {
    const { pool, built, use } = setup()
    pool.prepare()
    await settle()
    expect(pool.list().map(({ use: kind }) => kind)).toEqual(['spare'])
    expect(await use(RULES, 'a')).toBe(built[0])
    await settle()
    expect(pool.list().map(({ use: kind }) => kind)).toEqual(['used', 'spare'])
  })

  it('does not take a spare whose exit refuses the target', async () => {
    const { pool, built, use } = setup({ ports: id => (id === 'c1' ? [443, 443] : [80, 80]) })
    pool.prepare()
    await settle()
    expect(await use(RULES, 'a')).not.toBe(built[0])
  })

  it('takes no new streams on a circuit older than ten minutes, and ends it after its last stream', async () => {
    const { clock, use } = setup()
    const old = await use(RULES, 'a')
    clock.advance(600_001)
    expect(await use(RULES, 'a')).not.toBe(old)
    clock.advance(5_000)
    expect(old.destroyed).toBe(false)
    old.streams.open = 0
    clock.advance(5_000)
    expect(old.destroyed).toBe(true)
  })

  it('takes no new streams on a circuit that has no stream ids left', async () => {
    const { use } = setup()
    const old = await use(RULES, 'a')
    old.streams.unusedIds = 0
    expect(await use(RULES, 'a')).not.toBe(old)
  })

  it('ends a circuit that carries nothing for a minute, and never one that does', async () => {
    const { clock, use } = setup()
    const circuit = await use(RULES, 'a')
    clock.advance(300_000)
    expect(circuit.destroyed).toBe(false)
    circuit.streams.open = 0
    clock.advance(55_000)
    expect(circuit.destroyed).toBe(false)
    clock.advance(15_000)
    expect(circuit.destroyed).toBe(true)
  })

  it('newPath: nothing new goes over the old circuits, and what runs goes on', async () => {
    const { clock, pool, built, use } = setup()
    const running = await use(RULES, 'a')
    await settle()
    pool.newPath()
    expect(built.slice(0, 2).map(({ destroyed }) => destroyed)).toEqual([false, true])
    expect(await use(RULES, 'a')).not.toBe(running)
    running.streams.open = 0
    clock.advance(5_000)
    expect(running.destroyed).toBe(true)
  })

  it('newPath: a circuit that was being built is not used either', async () => {
    const { pool, use } = setup()
    const acquiring = use(RULES, 'a')
    pool.newPath()
    expect((await acquiring).id).not.toBe('c1')
  })

  it('forgets a circuit that dies', async () => {
    const { use } = setup()
    const first = await use(RULES, 'a')
    first.die()
    await settle()
    expect(await use(RULES, 'a')).not.toBe(first)
  })

  it('a failure reaches those who wait, and the next one tries again', async () => {
    const failure = new CraftecError('circuit-failed', 'no')
    const { use } = setup({ fail: attempt => (attempt === 1 ? failure : undefined) })
    await expect(use(RULES, 'a')).rejects.toBe(failure)
    expect((await use(RULES, 'a')).id).toBe('c1')
  })

  it('a spare that fails is tried again later, and later each time', async () => {
    const { pool, clock, asked } = setup({ fail: () => new CraftecError('no-path', 'none') })
    pool.prepare()
    await settle()
    expect(asked.length).toBe(1)
    for (const [wait, count] of [
      [1_999, 1],
      [1, 2],
      [9_999, 2],
      [1, 3]
    ] as const) {
      clock.advance(wait)
      await settle()
      expect(asked.length).toBe(count)
    }
  })

  it('one who leaves does not take the circuit from the others', async () => {
    const { pool, use } = setup()
    const leaving = new AbortController()
    const left = pool.acquire(RULES, 'a', TARGET, leaving.signal)
    const stays = use(RULES, 'a')
    leaving.abort(new CraftecError('aborted', 'left'))
    await expect(left).rejects.toMatchObject({ code: 'aborted' })
    expect((await stays).id).toBe('c1')
  })

  it('has a bound, and gives up unused circuits first', async () => {
    const { clock, pool, use } = setup()
    for (let count = 0; count < 40; count++) {
      const circuit = await use(RULES, `unused ${count}`)
      circuit.streams.open = 0
      clock.advance(1_000)
      expect(pool.list().length).toBeLessThanOrEqual(32)
    }
    const useMany = async (): Promise<void> => {
      for (let count = 0; count < 40; count++) await use(RULES, `used ${count}`)
    }
    await expect(useMany()).rejects.toMatchObject({ code: 'limit-exceeded' })
  })

  it('stop destroys everything, and nothing is built afterwards', async () => {
    const { pool, built, clock, asked, use } = setup()
    await use(RULES, 'a')
    await settle()
    pool.stop()
    expect(built.every(({ destroyed }) => destroyed)).toBe(true)
    const count = asked.length
    clock.advance(600_000)
    await settle()
    expect(asked.length).toBe(count)
    await expect(use(RULES, 'a')).rejects.toMatchObject({ code: 'stopped' })
  })
})
