import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { CraftecError } from '../../errors/index.ts'
import type { PathRules } from '../fetch/index.ts'
import type { Circuit } from './circuit.ts'
import { CircuitPool } from './circuit-pool.ts'

const RULES: PathRules = { hops: 3 }
const TARGET = { host: 'a.test', port: 80 }
const never = new AbortController().signal

interface Fake extends Circuit {
  destroyed: boolean
  die(): void
}

function setup(
  options: {
    accepts?: (id: string, port: number) => boolean
    fail?: (attempt: number) => CraftecError | undefined
  } = {}
) {
  const clock = new ManualClock()
  const built: Fake[] = []
  const asked: { rules: PathRules; port: number | undefined }[] = []
  const pool = new CircuitPool({
    clock,
    spareRules: RULES,
    build: async (rules, target) => {
      asked.push({ rules, port: target?.port })
      const error = options.fail?.(asked.length)
      if (error) throw error
      const { promise: closed, resolve } = Promise.withResolvers<CraftecError | undefined>()
      const id = `c${built.length + 1}`
      const circuit: Fake = {
        id,
        hops: [],
        buildMs: 1,
        hopRoundTripsMs: [],
        destroyed: false,
        accepts: ({ port }) => options.accepts?.(id, port) ?? true,
        openStream: () => Promise.reject(new Error('not here')),
        destroy: () => {
          circuit.destroyed = true
          resolve(undefined)
        },
        die: () => resolve(new CraftecError('circuit-destroyed', 'gone')),
        closed
      }
      built.push(circuit)
      return { circuit, retries: 0 }
    }
  })
  return { clock, pool, built, asked }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

describe('CircuitPool', () => {
  it('streams of one origin share a circuit; other origins and other rules get their own', async () => {
    const { pool } = setup()
    const first = await pool.acquire(RULES, 'a', TARGET, never)
    const same = await pool.acquire(RULES, 'a', TARGET, never)
    const other = await pool.acquire(RULES, 'b', TARGET, never)
    const shorter = await pool.acquire({ hops: 1 }, 'a', TARGET, never)
    const german = await pool.acquire({ hops: 3, exit: { country: 'DE' } }, 'a', TARGET, never)
    expect(same.circuit).toBe(first.circuit)
    expect(new Set([first, other, shorter, german].map(lease => lease.circuit)).size).toBe(4)
  })

  it('two streams that start at once wait for one circuit', async () => {
    const { pool, asked } = setup()
    const [a, b] = await Promise.all([pool.acquire(RULES, 'a', TARGET, never), pool.acquire(RULES, 'a', TARGET, never)])
    expect(a.circuit).toBe(b.circuit)
    expect(asked.filter(({ port }) => port === 80).length).toBe(1)
  })

  it('a spare stands ready, goes to the first origin that needs it, and is replaced', async () => {
    const { pool, built } = setup()
    pool.prepare()
    await settle()
    expect(pool.list().map(({ use }) => use)).toEqual(['spare'])
    const lease = await pool.acquire(RULES, 'a', TARGET, never)
    expect(lease.circuit).toBe(built[0])
    await settle()
    expect(pool.list().map(({ use }) => use)).toEqual(['used', 'spare'])
  })

  it('does not take a spare whose exit refuses the target', async () => {
    const { pool, built } = setup({ accepts: (id, port) => id !== 'c1' || port === 443 })
    pool.prepare()
    await settle()
    const lease = await pool.acquire(RULES, 'a', TARGET, never)
    expect(lease.circuit).not.toBe(built[0])
  })

  it('takes no new streams on a circuit older than ten minutes, and ends it with its last stream', async () => {
    const { pool, clock, built } = setup()
    const old = await pool.acquire(RULES, 'a', TARGET, never)
    clock.advance(600_001)
    const fresh = await pool.acquire(RULES, 'a', TARGET, never)
    expect(fresh.circuit).not.toBe(old.circuit)
    expect(built[0]?.destroyed).toBe(false)
    old.release()
    expect(built[0]?.destroyed).toBe(true)
  })

  it('ends a circuit that carries nothing for a minute, and never one that does', async () => {
    const { pool, clock, built } = setup()
    const [one, two] = [await pool.acquire(RULES, 'a', TARGET, never), await pool.acquire(RULES, 'a', TARGET, never)]
    one.release()
    clock.advance(60_001)
    expect(built[0]?.destroyed).toBe(false)
    two.release()
    two.release()
    clock.advance(60_001)
    expect(built[0]?.destroyed).toBe(true)
  })

  it('newPath: nothing new goes over the old circuits, and what runs goes on', async () => {
    const { pool, built } = setup()
    const running = await pool.acquire(RULES, 'a', TARGET, never)
    await settle()
    pool.newPath()
    expect(built.slice(0, 2).map(({ destroyed }) => destroyed)).toEqual([false, true])
    const fresh = await pool.acquire(RULES, 'a', TARGET, never)
    expect(fresh.circuit).not.toBe(running.circuit)
    running.release()
    expect(built[0]?.destroyed).toBe(true)
  })

  it('newPath: a circuit that was being built is not used either', async () => {
    const { pool } = setup()
    const acquiring = pool.acquire(RULES, 'a', TARGET, never)
    pool.newPath()
    expect((await acquiring).circuit.id).not.toBe('c1')
  })

  it('forgets a circuit that dies', async () => {
    const { pool, built } = setup()
    const first = await pool.acquire(RULES, 'a', TARGET, never)
    built[0]?.die()
    await settle()
    const second = await pool.acquire(RULES, 'a', TARGET, never)
    expect(second.circuit).not.toBe(first.circuit)
  })

  it('a failure reaches those who wait, and the next one tries again', async () => {
    const failure = new CraftecError('circuit-failed', 'no')
    const { pool } = setup({ fail: attempt => (attempt === 1 ? failure : undefined) })
    await expect(pool.acquire(RULES, 'a', TARGET, never)).rejects.toBe(failure)
    await pool.acquire(RULES, 'a', TARGET, never)
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
    const { pool } = setup()
    const leaving = new AbortController()
    const left = pool.acquire(RULES, 'a', TARGET, leaving.signal)
    const stays = pool.acquire(RULES, 'a', TARGET, never)
    leaving.abort(new CraftecError('aborted', 'left'))
    await expect(left).rejects.toMatchObject({ code: 'aborted' })
    expect((await stays).circuit.id).toBe('c1')
  })

  it('has a bound, and gives up unused circuits first', async () => {
    const { pool } = setup()
    const leases = []
    for (let count = 0; count < 40; count++) {
      const lease = await pool.acquire(RULES, `unused ${count}`, TARGET, never)
      lease.release()
      expect(pool.list().length).toBeLessThanOrEqual(32)
    }
    await expect(
      (async () => {
        for (let count = 0; count < 40; count++) leases.push(await pool.acquire(RULES, `used ${count}`, TARGET, never))
      })()
    ).rejects.toMatchObject({ code: 'limit-exceeded' })
  })

  it('stop destroys everything, and nothing is built afterwards', async () => {
    const { pool, built, clock, asked } = setup()
    await pool.acquire(RULES, 'a', TARGET, never)
    await settle()
    pool.stop()
    expect(built.every(({ destroyed }) => destroyed)).toBe(true)
    const count = asked.length
    clock.advance(600_000)
    await settle()
    expect(asked.length).toBe(count)
    await expect(pool.acquire(RULES, 'a', TARGET, never)).rejects.toMatchObject({ code: 'stopped' })
  })
})
