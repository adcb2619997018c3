import { describe, expect, it } from 'vitest'
import { CrashDisk } from '../../../test/kit/crash-disk.ts'
import { withRowCache } from './row-cache.ts'
import type { StoreIndex } from './store-index.ts'

function counted(index: StoreIndex): { index: StoreIndex; reads: string[] } {
  const reads: string[] = []
  return {
    reads,
    index: {
      ...index,
      get: (table, key) => {
        reads.push(key)
        return index.get(table, key)
      }
    }
  }
}
const row = (byte: number, length = 10): Uint8Array => new Uint8Array(length).fill(byte)

describe('a row cache', () => {
  it('asks once for a row, and knows what was written', async () => {
    const { index, reads } = counted(new CrashDisk().index())
    const cache = withRowCache(index)
    await cache.commit([{ table: 'segment', key: 'a', value: row(1) }])
    expect(await cache.get('segment', 'a')).toEqual(row(1))
    await cache.commit([{ table: 'segment', key: 'a', value: row(2) }])
    expect(await cache.get('segment', 'a')).toEqual(row(2))
    await cache.commit([{ table: 'segment', key: 'a', value: undefined }])
    expect(await cache.get('segment', 'a')).toBeUndefined()
    expect(reads).toEqual(['a'])
  })

  it('does not keep a row that was read while a commit changed it', async () => {
    const { index } = counted(new CrashDisk().index())
    await index.commit([{ table: 'segment', key: 'a', value: row(1) }])
    const cache = withRowCache(index)
    const [, read] = await Promise.all([
      cache.commit([{ table: 'segment', key: 'a', value: undefined }]),
      cache.get('segment', 'a')
    ])
    expect([undefined, row(1)]).toContainEqual(read)
    expect(await cache.get('segment', 'a')).toBeUndefined()
  })

  it('keeps what was used last within its bound, and never pieces', async () => {
    const { index, reads } = counted(new CrashDisk().index())
    const cache = withRowCache(index, 3 * 300)
    for (const key of ['a', 'b', 'c', 'd']) await cache.commit([{ table: 'segment', key, value: row(1, 200) }])
    await cache.get('segment', 'b')
    await cache.commit([{ table: 'segment', key: 'e', value: row(1, 200) }])
    reads.length = 0
    for (const key of ['b', 'e', 'a']) await cache.get('segment', key)
    expect(reads).toEqual(['a'])
    await cache.commit([{ table: 'piece', key: 'p', value: row(1) }])
    await cache.get('piece', 'p')
    await cache.get('piece', 'p')
    expect(reads).toEqual(['a', 'p', 'p'])
  })
})
