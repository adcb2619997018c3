import type { PieceStore, StorePolicyOptions } from '../../sdk/obj/index.ts'
import { ManualClock } from './manual-clock.ts'
import { deepEqual, equal, failsWith } from './portable-assert.ts'
import { id, newContent, piece, pieces } from './store-content.ts'

const KIB = 1_024

/** The part of the contract of a piece store that is about room: caps, eviction, pins. */
export function describeStoreQuotas(
  hasPolicy: boolean,
  openStore: (policy?: StorePolicyOptions) => Promise<PieceStore>,
  it: (name: string, body: () => Promise<void>) => void
): void {
  it('takes at most its quota: unpinned content gives way, pinned does not', async () => {
    const store = await openStore({ quotaBytes: 8 * KIB })
    const [pinned, loose, next] = [newContent(1, { pinned: true }), newContent(2), newContent(3, { pinned: true })]
    for (const content of [pinned, loose, next]) await store.addContent(content)
    await store.putPieces(pinned.manifestId, 0, pieces(pinned, 0, 3))
    await store.putPieces(loose.manifestId, 0, pieces(loose, 0, 3))
    await store.putPieces(next.manifestId, 0, pieces(next, 0, 4))
    equal(await store.content(loose.manifestId), undefined)
    equal((await store.usage()).bytes, 7 * KIB)
    await failsWith('storage-full', store.putPieces(next.manifestId, 1, pieces(next, 1, 2)))
    deepEqual(await store.held(next.manifestId), Uint16Array.of(4, 0, 0))
    equal(await store.putPieces(next.manifestId, 1, pieces(next, 1, 1)), 1)
    for (const { record, data } of pieces(pinned, 0, 3))
      deepEqual(await store.readPiece(pinned.manifestId, 0, record.id), data)
    equal((await store.usage()).quota, 8 * KIB)
  })

  it('never evicts what is being written', async () => {
    const store = await openStore({ quotaBytes: 4 * KIB })
    const content = newContent(1)
    await store.addContent(content)
    await store.putPieces(content.manifestId, 0, pieces(content, 0, 3))
    await failsWith('storage-full', store.putPieces(content.manifestId, 1, pieces(content, 1, 2)))
    deepEqual(await store.held(content.manifestId), Uint16Array.of(3, 0, 0))
  })

  it('bounds what each peer and all peers may take', async () => {
    const store = await openStore({ quotaBytes: 100 * KIB, peersQuotaBytes: 6 * KIB, peerQuotaBytes: 4 * KIB })
    const mine = newContent(1)
    const ofPeer = [2, 3, 4].map(number => newContent(number, { origin: 'peer', peer: number < 4 ? 'ann' : 'bob' }))
    for (const content of [mine, ...ofPeer]) await store.addContent(content)
    const [first, second, third] = ofPeer
    if (!first || !second || !third) throw new Error('three contents')
    await store.putPieces(mine.manifestId, 0, pieces(mine, 0, 20))
    await store.putPieces(first.manifestId, 0, pieces(first, 0, 3))
    await failsWith('limit-exceeded', store.putPieces(second.manifestId, 0, pieces(second, 0, 2)))
    await store.putPieces(second.manifestId, 0, pieces(second, 0, 1))
    await failsWith('limit-exceeded', store.putPieces(third.manifestId, 0, pieces(third, 0, 3)))
    await store.putPieces(third.manifestId, 0, pieces(third, 0, 2))
    deepEqual((await store.usage()).perPeer, { ann: 4 * KIB, bob: 2 * KIB })
    await store.removeContent(first.manifestId)
    deepEqual((await store.usage()).perPeer, { ann: KIB, bob: 2 * KIB })
    await store.putPieces(second.manifestId, 1, pieces(second, 1, 3))
  })

  it('removes content that is empty and nobody pinned, and no other, where only that is asked for', async () => {
    const store = await openStore()
    const [empty, pinned, full] = [newContent(1), newContent(2, { pinned: true }), newContent(3)]
    for (const content of [empty, pinned, full]) await store.addContent(content)
    await store.putPieces(full.manifestId, 0, pieces(full, 0, 1))
    for (const { manifestId } of [empty, pinned, full])
      equal(await store.removeContent(manifestId, { ifEmpty: true }), manifestId === empty.manifestId)
    equal((await store.contents()).length, 2)
  })

  it('evicts on demand, and keeps what it is told to', async () => {
    const store = await openStore({ quotaBytes: 10 * KIB })
    const contents = [1, 2, 3].map(number => newContent(number))
    for (const content of contents) {
      await store.addContent(content)
      await store.putPieces(content.manifestId, 0, pieces(content, 0, 3))
    }
    deepEqual(await store.evict(KIB), { freedBytes: 0, evicted: [] })
    const { freedBytes, evicted } = await store.evict(10 * KIB, { keep: [id(2)] })
    deepEqual([freedBytes, evicted.length], [6 * KIB, 2])
    deepEqual(
      (await store.contents()).map(({ manifestId }) => manifestId),
      [id(2)]
    )
  })

  if (hasPolicy)
    it('evicts what was used longest ago, and what is kept for peers before its own', async () => {
      const clock = new ManualClock()
      const store = await openStore({
        quotaBytes: 12 * KIB,
        peersQuotaBytes: 12 * KIB,
        peerQuotaBytes: 12 * KIB,
        clock
      })
      const contents = [1, 2, 3, 4].map(number =>
        newContent(number, number === 4 ? { origin: 'peer', peer: 'ann' } : {})
      )
      for (const content of contents) {
        await store.addContent(content)
        await store.putPieces(content.manifestId, 0, pieces(content, 0, 3))
        clock.advance(24 * 3_600_000)
      }
      await store.readPiece(id(1), 0, piece(newContent(1), 0, 0).record.id)
      clock.advance(24 * 3_600_000)
      deepEqual((await store.evict(3 * KIB)).evicted, [id(4)])
      deepEqual((await store.evict(6 * KIB)).evicted, [id(2)])
      deepEqual((await store.evict(12 * KIB)).evicted, [id(3), id(1)])
    })
}
