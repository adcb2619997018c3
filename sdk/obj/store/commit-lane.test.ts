import { describe, expect, it } from 'vitest'
import { CommitLane } from './commit-lane.ts'
import type { IndexChange, StoreIndex } from './store-index.ts'

/** Commits end when the test says so. */
function setUp() {
  const rows = new Map<string, Uint8Array | undefined>()
  const begun: { readonly changes: readonly IndexChange[]; end(): void; fail(error: Error): void }[] = []
  const index: StoreIndex = {
    get: async (_, key) => rows.get(key),
    range: async () => [],
    commit: async changes => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      begun.push({ changes, end: resolve, fail: reject })
      await promise
      for (const { key, value } of changes) rows.set(key, value)
    },
    close: async () => {}
  }
  return { lane: new CommitLane(index), rows, begun }
}

const change = (key: string, byte: number | undefined): IndexChange => ({
  table: 'content',
  key,
  value: byte === undefined ? undefined : Uint8Array.of(byte)
})
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('a lane of commits', () => {
  it('shows rows as they will be, the latest first, and those of the index when all have ended', async () => {
    const { lane, rows, begun } = setUp()
    rows.set('a', Uint8Array.of(1)).set('b', Uint8Array.of(1))
    void lane.commit([change('a', 2), change('b', undefined)])
    void lane.commit([change('a', 3)])
    await turn()
    expect([await lane.get('content', 'a'), await lane.get('content', 'b')]).toEqual([Uint8Array.of(3), undefined])
    expect(rows.get('a')).toEqual(Uint8Array.of(1))
    begun[0]?.end()
    await turn()
    expect([rows.get('a'), await lane.get('content', 'a')]).toEqual([Uint8Array.of(2), Uint8Array.of(3)])
    begun[1]?.end()
    await lane.settled()
    rows.set('a', Uint8Array.of(4))
    expect(await lane.get('content', 'a')).toEqual(Uint8Array.of(4))
  })

  it('makes one commit after the other, in their order', async () => {
    const { lane, begun } = setUp()
    for (const byte of [1, 2, 3]) void lane.commit([change('a', byte)])
    for (const count of [1, 2, 3]) {
      await turn()
      expect(begun.map(({ changes }) => changes[0]?.value?.[0])).toEqual([1, 2, 3].slice(0, count))
      begun.at(-1)?.end()
    }
    await lane.settled()
  })

  it('fails all that build on a commit that failed, tries none of them, and begins anew when told to', async () => {
    const { lane, rows, begun } = setUp()
    const commits = [1, 2, 3].map(byte => lane.commit([change('a', byte)]))
    await turn()
    begun[0]?.end()
    await turn()
    begun[1]?.fail(new Error('no room'))
    const outcomes = await Promise.allSettled(commits)
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    await expect(lane.commit([change('a', 4)])).rejects.toThrow('no room')
    await expect(lane.settled()).rejects.toThrow('no room')
    expect(begun).toHaveLength(2)
    await lane.restart()
    expect(await lane.get('content', 'a')).toEqual(Uint8Array.of(1))
    const again = lane.commit([change('a', 5)])
    await turn()
    begun[2]?.end()
    await again
    expect(rows.get('a')).toEqual(Uint8Array.of(5))
  })

  it('has room for four, and for the next when the first has ended, even badly', async () => {
    const { lane, begun } = setUp()
    for (const byte of [1, 2, 3, 4]) {
      await lane.room()
      lane.commit([change('a', byte)]).catch(() => {})
    }
    let hasRoom = false
    const room = lane.room().then(() => {
      hasRoom = true
    })
    await turn()
    expect(hasRoom).toBe(false)
    begun[0]?.fail(new Error('no room'))
    await room
  })
})
