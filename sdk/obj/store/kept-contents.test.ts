import { describe, expect, it } from 'vitest'
import { CrashDisk } from '../../../test/kit/crash-disk.ts'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { newContent, pieceRoot, pieces } from '../../../test/kit/store-content.ts'
import { openIndexedPieceStore } from './indexed-piece-store.ts'
import type { StoreIndex } from './store-index.ts'

const KIB = 1_024
const DAY_MS = 24 * 3_600_000

/** A store of ten pieces of 1 KiB, which says how often all of its contents were looked at. */
async function scene() {
  const clock = new ManualClock()
  const index = new CrashDisk().index()
  let looks = 0
  const counted: StoreIndex = {
    get: (table, key) => index.get(table, key),
    range: (table, range) => {
      if (table === 'content' && range.after === undefined) looks++
      return index.range(table, range)
    },
    commit: changes => index.commit(changes),
    close: () => index.close()
  }
  const caps = { quotaBytes: 10 * KIB, peersQuotaBytes: 10 * KIB, peerQuotaBytes: 10 * KIB }
  const store = await openIndexedPieceStore({
    ...caps,
    index: counted,
    pieceRoot,
    clock,
    turnoverBytesPerDay: 10 * KIB
  })
  return {
    store,
    clock,
    looks: () => looks,
    push: async (number: number, peer: string, count: number) => {
      const content = newContent(number, { origin: 'peer', peer })
      await store.addContent(content)
      return store.putPieces(content.manifestId, 0, pieces(content, 0, count), { from: peer })
    },
    room: (number: number, from: string) => {
      const { manifestId, pieceBytes } = newContent(number)
      return store.roomFor({ manifestId, segment: 0, pieces: 9, pieceBytes, from })
    }
  }
}

describe('what a store looks at before it tells a peer of room', () => {
  it('is not all of its contents while there is room, and nothing for one who may displace nothing', async () => {
    const { push, room, looks } = await scene()
    for (const number of [1, 2, 3]) await push(number, 'ann', 3)
    expect(await room(1, 'bob')).toBe(1)
    expect(looks()).toBe(0)
  })

  it('is all of them once a minute, whatever peers do in it', async () => {
    const { push, room, looks, clock } = await scene()
    for (const number of [1, 2, 3, 4]) await push(number, 'ann', 2)
    clock.advance(2 * DAY_MS)
    expect(await room(9, 'bob')).toBe(4)
    expect(looks()).toBe(1)
    await push(5, 'bob', 2)
    await push(6, 'bob', 2)
    await expect(push(7, 'cyd', 5)).rejects.toMatchObject({ code: 'limit-exceeded' })
    for (let asked = 0; asked < 20; asked++) await room(8, 'cyd')
    expect(looks()).toBe(1)
    clock.advance(60_000)
    await room(8, 'cyd')
    expect(looks()).toBe(2)
  })

  it('is what is there now, though it was seen before', async () => {
    const { store, push, room, clock } = await scene()
    for (const number of [1, 2, 3, 4, 5]) await push(number, 'ann', 2)
    clock.advance(2 * DAY_MS)
    expect(await room(9, 'bob')).toBe(4)
    const [first, second] = [newContent(1), newContent(2)]
    await store.pin(first.manifestId)
    await store.pin(second.manifestId)
    await store.pin(newContent(3).manifestId)
    await store.pin(newContent(4).manifestId)
    expect(await room(9, 'bob')).toBe(2)
    await store.unpin(first.manifestId)
    expect(await room(9, 'bob')).toBe(4)
    await store.removeContent(second.manifestId)
    // Two pieces are free; of Ann's eight Bob may displace until both have four.
    expect(await room(9, 'bob')).toBe(4)
    await store.removeContent(first.manifestId)
    expect(await room(9, 'bob')).toBe(4)
  })
})
