import { describe, expect, it } from 'vitest'
import { ScriptedTarget } from '../../../test/kit/scripted-target.ts'
import type { Clock } from '../../async/index.ts'
import { ConnectionPool } from './connection-pool.ts'
import { HttpConnection } from './http-connection.ts'

/** Timers that fire when the test says so. */
function manualClock(): Clock & { fire(): void } {
  const tasks = new Set<() => void>()
  return {
    now: () => 0,
    monotonic: () => 0,
    after: (_, task) => {
      tasks.add(task)
      return () => tasks.delete(task)
    },
    fire: () => {
      for (const task of tasks) task()
    }
  }
}

function connection(): { target: ScriptedTarget; connection: HttpConnection } {
  const target = new ScriptedTarget()
  return { target, connection: new HttpConnection(target.client) }
}

describe('ConnectionPool', () => {
  it('gives a connection back for the same key only, the newest first', () => {
    const pool = new ConnectionPool<string>(manualClock())
    const [old, fresh] = [connection(), connection()]
    pool.put('a', old.connection, 'old')
    pool.put('a', fresh.connection, 'fresh')
    expect(pool.take('b')).toBeUndefined()
    expect(pool.take('a')).toMatchObject({ connection: fresh.connection, tag: 'fresh' })
    expect(pool.take('a')).toMatchObject({ tag: 'old' })
    expect(pool.take('a')).toBeUndefined()
  })

  it('closes what is idle too long', async () => {
    const clock = manualClock()
    const pool = new ConnectionPool<undefined>(clock)
    const { target, connection: idle } = connection()
    pool.put('a', idle, undefined)
    clock.fire()
    expect(pool.size).toBe(0)
    expect(await target.ended()).toBe('aborted')
  })

  it('drops a connection that the target closes', async () => {
    const pool = new ConnectionPool<undefined>(manualClock())
    const { target, connection: idle } = connection()
    pool.put('a', idle, undefined)
    await target.end()
    await idle
      .exchange({ method: 'GET', target: '/', authority: 'a', headers: [] }, new AbortController().signal)
      .catch(() => {})
    expect(pool.size).toBe(0)
  })

  it('keeps at most six a key and 64 in all', () => {
    const pool = new ConnectionPool<undefined>(manualClock())
    for (let count = 0; count < 10; count++) pool.put('a', connection().connection, undefined)
    expect(pool.size).toBe(6)
    for (let count = 0; count < 100; count++) pool.put(`key ${count}`, connection().connection, undefined)
    expect(pool.size).toBe(64)
  })

  it('clear closes every one', async () => {
    const pool = new ConnectionPool<undefined>(manualClock())
    const { target, connection: idle } = connection()
    pool.put('a', idle, undefined)
    pool.clear()
    expect(pool.size).toBe(0)
    expect(await target.ended()).toBe('aborted')
  })
})
