import type { NewContent, PieceStore, StoreChange, StorePolicyOptions } from '../../sdk/obj/index.ts'
import { ManualClock } from './manual-clock.ts'
import { deepEqual, equal, failsWith } from './portable-assert.ts'
import { id, newContent, pieces } from './store-content.ts'

const KIB = 1_024
const DAY_MS = 24 * 3_600_000

interface Subject {
  /** A policy with a clock and a value function can be given. */
  readonly policy: boolean
  /** What was put is there after close() and open(). */
  readonly durable: boolean
}

/** The part of the contract of a piece store that is about pushes of peers: what they may displace, and what they are told before. */
export function describeStorePushes(
  { policy: hasPolicy, durable }: Subject,
  openStore: (policy?: StorePolicyOptions) => Promise<PieceStore>,
  it: (name: string, body: () => Promise<void>) => void
): void {
  const ofPeer = (number: number, peer: string): NewContent => newContent(number, { origin: 'peer', peer })
  const push = async (store: PieceStore, content: NewContent, count: number, segment = 0): Promise<number> => {
    await store.addContent(content)
    const { peer = 'nobody' } = content
    return store.putPieces(content.manifestId, segment, pieces(content, segment, count), { from: peer })
  }
  const room = (store: PieceStore, { manifestId, pieceBytes }: NewContent, from: string, count: number) =>
    store.roomFor({ manifestId, segment: 0, pieces: count, pieceBytes, from })
  const there = async (store: PieceStore): Promise<number[]> =>
    (await store.contents()).filter(({ pieces }) => pieces > 0).map(({ manifestId }) => manifestId[3] ?? 0)
  const caps = { quotaBytes: 10 * KIB, peersQuotaBytes: 10 * KIB, peerQuotaBytes: 10 * KIB }

  it('never gives up the device’s own content for a push, and says before how much there is room for', async () => {
    const store = await openStore(caps)
    const own = newContent(1)
    await store.addContent(own)
    await store.putPieces(own.manifestId, 0, pieces(own, 0, 8))
    const pushed = ofPeer(2, 'ann')
    equal(await room(store, pushed, 'ann', 5), 2)
    await failsWith('storage-full', push(store, pushed, 3))
    equal(await push(store, pushed, 2), 2)
    equal(await room(store, pushed, 'ann', 5), 0)
    deepEqual(await store.held(own.manifestId), Uint16Array.of(8, 0, 0))
  })

  it('tells a peer of the room that its own cap leaves, and all of them of what all may take', async () => {
    const store = await openStore({ quotaBytes: 100 * KIB, peersQuotaBytes: 6 * KIB, peerQuotaBytes: 4 * KIB })
    const [ofAnn, ofBob] = [ofPeer(1, 'ann'), ofPeer(2, 'bob')]
    equal(await room(store, ofAnn, 'ann', 9), 4)
    await push(store, ofAnn, 3)
    equal(await room(store, ofAnn, 'ann', 9), 1)
    equal(await room(store, ofBob, 'bob', 9), 3)
  })

  it('counts room that was promised to others as taken', async () => {
    const store = await openStore({ quotaBytes: 100 * KIB, peersQuotaBytes: 6 * KIB, peerQuotaBytes: 4 * KIB })
    const { manifestId, pieceBytes } = ofPeer(1, 'ann')
    const offer = { manifestId, segment: 0, pieces: 9, pieceBytes, from: 'ann' }
    const roomBeside = (from: string, count: number): Promise<number> =>
      store.roomFor({ ...offer, promised: [{ from, pieces: count, pieceBytes }] })
    equal(await roomBeside('ann', 3), 1)
    equal(await roomBeside('bob', 3), 3)
    equal(await roomBeside('bob', 6), 0)
  })

  it('refuses room for pieces that do not fit their content, and offers that are none', async () => {
    const store = await openStore(caps)
    const content = ofPeer(1, 'ann')
    await store.addContent(content)
    const offer = { manifestId: content.manifestId, segment: 0, pieces: 1, pieceBytes: content.pieceBytes, from: 'ann' }
    equal(await store.roomFor(offer), 1)
    equal(await store.roomFor({ ...offer, segment: content.segments }), 0)
    equal(await store.roomFor({ ...offer, pieceBytes: content.pieceBytes + 1 }), 0)
    for (const wrong of [
      { pieces: 0 },
      { pieceBytes: 0 },
      { from: '' },
      { segment: -1 },
      { manifestId: new Uint8Array(31) }
    ])
      await failsWith('invalid-argument', store.roomFor({ ...offer, ...wrong }))
    await failsWith('invalid-argument', store.putPieces(content.manifestId, 0, pieces(content, 0, 1), { from: 'a b' }))
  })

  it('lets peers complete the device’s own content, never make it larger than a segment needs', async () => {
    const store = await openStore(caps)
    const own = newContent(1)
    await store.addContent(own)
    const [first] = pieces(own, 0, 1)
    if (first === undefined) throw new Error('a piece')
    const k = first.record.coefficients.length
    await store.putPieces(own.manifestId, 0, [first])
    equal(await room(store, own, 'ann', 9), k - 1)
    await failsWith('limit-exceeded', store.putPieces(own.manifestId, 0, pieces(own, 0, k, 1), { from: 'ann' }))
    equal(await store.putPieces(own.manifestId, 0, pieces(own, 0, k - 1, 1), { from: 'ann' }), k - 1)
    equal(await room(store, own, 'ann', 9), 0)
    equal(await store.putPieces(own.manifestId, 0, pieces(own, 0, 3, k)), 3)
  })

  if (!hasPolicy) return

  it('gives up what it keeps for peers before any of its own, whatever their value', async () => {
    const value = ({ origin }: { origin: string }): number => (origin === 'peer' ? 9 : 1)
    const store = await openStore({ ...caps, value })
    const [own, next] = [newContent(1), newContent(3)]
    for (const content of [own, next]) await store.addContent(content)
    await store.putPieces(own.manifestId, 0, pieces(own, 0, 4))
    await push(store, ofPeer(2, 'ann'), 4)
    await store.putPieces(next.manifestId, 0, pieces(next, 0, 4))
    deepEqual(await there(store), [1, 3])
    await store.putPieces(next.manifestId, 1, pieces(next, 1, 4))
    deepEqual(await there(store), [3])
  })

  it('lets a peer replace what it pushed before with what is worth more, once that had its day', async () => {
    const clock = new ManualClock()
    const store = await openStore({ ...caps, peerQuotaBytes: 4 * KIB, clock })
    await push(store, ofPeer(1, 'ann'), 4)
    clock.advance(DAY_MS - 1)
    await failsWith('limit-exceeded', push(store, ofPeer(2, 'ann'), 2))
    equal(await room(store, ofPeer(2, 'ann'), 'ann', 9), 0)
    clock.advance(1)
    equal(await room(store, ofPeer(2, 'ann'), 'ann', 9), 4)
    const gone: StoreChange[] = []
    const ofPush = ofPeer(2, 'ann')
    await store.addContent(ofPush)
    store.onChange(change => gone.push(change))
    equal(await push(store, ofPush, 2), 2)
    deepEqual(await there(store), [2])
    deepEqual(gone, [
      { type: 'content-removed', manifestId: id(1), evicted: true },
      { type: 'pieces-added', manifestId: id(2), segment: 0 }
    ])
  })

  it('gives up nothing for a push that has no room even then', async () => {
    const clock = new ManualClock()
    const store = await openStore({ ...caps, clock })
    await push(store, ofPeer(1, 'ann'), 4)
    await push(store, ofPeer(2, 'ann'), 2)
    const own = newContent(3)
    await store.addContent(own)
    await store.putPieces(own.manifestId, 0, pieces(own, 0, 4))
    clock.advance(2 * DAY_MS)
    await failsWith('storage-full', push(store, ofPeer(4, 'ann'), 7))
    deepEqual(await there(store), [1, 2, 3])
    equal(await room(store, ofPeer(4, 'ann'), 'ann', 9), 6)
    equal(await push(store, ofPeer(4, 'ann'), 6), 6)
    deepEqual(await there(store), [3, 4])
  })

  it('takes from the larger for the smaller until they have the same, and never the other way', async () => {
    const clock = new ManualClock()
    const store = await openStore({ ...caps, turnoverBytesPerDay: 10 * KIB, clock })
    for (const number of [1, 2, 3, 4]) await push(store, ofPeer(number, 'ann'), 2)
    await push(store, ofPeer(5, 'bob'), 2)
    clock.advance(2 * DAY_MS)
    equal(await room(store, ofPeer(6, 'cyd'), 'cyd', 9), 4)
    equal(await push(store, ofPeer(6, 'cyd'), 4), 4)
    deepEqual(await there(store), [3, 4, 5, 6])
    clock.advance(2 * DAY_MS)
    // Ann and Cyd have four each, Bob two: only Bob may grow, and the others may not at his cost.
    equal(await room(store, ofPeer(7, 'cyd'), 'cyd', 1), 1)
    equal(await room(store, ofPeer(6, 'cyd'), 'cyd', 1), 0)
    equal(await room(store, ofPeer(7, 'bob'), 'bob', 9), 2)
  })

  it('puts into content that somebody else pushed first only what has room as it is', async () => {
    const clock = new ManualClock()
    const store = await openStore({ ...caps, turnoverBytesPerDay: 10 * KIB, clock })
    for (const number of [1, 2, 3, 4]) await push(store, ofPeer(number, 'ann'), 2)
    await push(store, ofPeer(5, 'bob'), 1)
    clock.advance(2 * DAY_MS)
    const ofBob = ofPeer(5, 'bob')
    equal(await room(store, ofBob, 'cyd', 9), 1)
    await failsWith('limit-exceeded', store.putPieces(ofBob.manifestId, 1, pieces(ofBob, 1, 2), { from: 'cyd' }))
    equal(await store.putPieces(ofBob.manifestId, 1, pieces(ofBob, 1, 1), { from: 'cyd' }), 1)
    deepEqual((await store.usage()).perPeer, { ann: 8 * KIB, bob: 2 * KIB })
  })

  it('gives up of others’ content in a day only so much, also when it was closed in between', async () => {
    const clock = new ManualClock()
    const policy = { ...caps, turnoverBytesPerDay: 4 * KIB, clock }
    let store = await openStore(policy)
    for (const number of [1, 2, 3, 4, 5]) await push(store, ofPeer(number, 'ann'), 2)
    clock.advance(2 * DAY_MS)
    for (const [number, peer] of [
      [6, 'bob'],
      [7, 'cyd']
    ] as const) {
      equal(await push(store, ofPeer(number, peer), 2), 2)
      if (!durable) continue
      await store.close()
      store = await openStore(policy)
    }
    deepEqual(await there(store), [3, 4, 5, 6, 7])
    await failsWith('limit-exceeded', push(store, ofPeer(8, 'dan'), 2))
    clock.advance(DAY_MS / 2)
    equal(await push(store, ofPeer(8, 'dan'), 2), 2)
    deepEqual(await there(store), [4, 5, 6, 7, 8])
  })

  it('counts putting and reading as use, and no read that only checks', async () => {
    const clock = new ManualClock()
    const store = await openStore({ ...caps, clock })
    const content = ofPeer(1, 'ann')
    await push(store, content, 1)
    clock.advance(DAY_MS)
    await push(store, content, 1, 1)
    equal((await store.content(content.manifestId))?.usedAt, clock.now())
    equal((await store.contents())[0]?.usedAt, clock.now())
    const [read] = pieces(content, 0, 1)
    if (read === undefined) throw new Error('a piece')
    const put = clock.now()
    clock.advance(DAY_MS)
    await store.readPiece(content.manifestId, 0, read.record.id, { countsAsUse: false })
    equal((await store.contents())[0]?.usedAt, put)
    await store.readPiece(content.manifestId, 0, read.record.id)
    equal((await store.contents())[0]?.usedAt, clock.now())
  })
}
