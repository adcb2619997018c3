import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { memoryNetwork } from '../../../test/kit/memory-p2p.ts'
import { hashing, publishContent, recodedPiece } from '../../../test/kit/published-content.ts'
import { hostileBytes } from '../../../test/vectors/hostile-bytes.ts'
import { encodeHex } from '../../codec/index.ts'
import { identityFromSeed } from '../../identity/index.ts'
import {
  encodeStorageReceipt,
  openStorageReceipt,
  type SignedStorageReceipt,
  type StorageReceipt,
  signStorageReceipt
} from '../audit/index.ts'
import { EPOCH_MS } from '../health/index.ts'
import { encodeEvidence, gatherEvidence } from '../integrity/index.ts'
import { createMemoryPieceStore } from '../store/index.ts'
import { giveReceipts, ReceiptBook, serveReceipts, voidByEvidence } from './index.ts'
import { decodeGive, decodeTaken, RECEIPTS_PROTOCOL } from './receipt-frame.ts'

const clock = new ManualClock()
const NOW_S = Math.floor(clock.now() / 1000)
const identity = (name: number) => identityFromSeed(new Uint8Array(32).fill(name))
const [challenger, holder, stranger] = [identity(1), identity(2), identity(3)]
const id = (fill: number) => new Uint8Array(32).fill(fill)

const receipt = (changes: Partial<StorageReceipt> = {}, signer = challenger): Promise<SignedStorageReceipt> =>
  signStorageReceipt(
    {
      contentId: id(9),
      storageNode: holder.publicKey,
      shardIndex: 0,
      timestamp: NOW_S,
      nonce: id(4),
      proofHash: id(5),
      ...changes
    },
    signer
  )

async function exported(book: ReceiptBook, sinceEpoch = 0): Promise<SignedStorageReceipt[]> {
  const all: SignedStorageReceipt[] = []
  for await (const bytes of book.export({ sinceEpoch })) all.push(openStorageReceipt(bytes))
  return all
}

describe('a book of receipts', () => {
  it('has each receipt once, in the order of epochs, also after it was closed and opened', async () => {
    const store = createMemoryPieceStore()
    const book = new ReceiptBook(store, 'earned')
    const epochS = EPOCH_MS / 1000
    const [late, early] = [await receipt(), await receipt({ timestamp: NOW_S - 3 * epochS })]
    expect(await book.add([late, early, late], clock.now())).toBe(2)
    expect(await book.add([await receipt({ nonce: id(7) })], clock.now())).toBe(0)
    const again = new ReceiptBook(store, 'earned')
    expect(await exported(again)).toEqual([early, late])
    expect(await exported(again, Math.floor(clock.now() / EPOCH_MS))).toEqual([late])
    expect(await exported(new ReceiptBook(store, 'issued'))).toEqual([])
  })

  it('forgets what nobody fetched in two days, and takes nothing that old', async () => {
    const book = new ReceiptBook(createMemoryPieceStore(), 'earned')
    await book.add([await receipt()], clock.now())
    const later = clock.now() + 96 * EPOCH_MS
    expect(await book.add([await receipt({ shardIndex: 1 })], later)).toBe(0)
    expect(await exported(book)).toEqual([])
  })

  it('has room for a quarter of an epoch from one challenger, and for others after it', async () => {
    const book = new ReceiptBook(createMemoryPieceStore(), 'earned')
    const [template] = [await receipt()]
    // signatures are checked where receipts come in
    const many = Array.from({ length: 1100 }, (_, shardIndex) => ({ ...template, shardIndex }))
    expect(await book.add(many, clock.now())).toBe(1024)
    expect(await book.add([await receipt({}, stranger)], clock.now())).toBe(1)
  })

  it('keeps room for whoever signs little when a few fill an epoch', async () => {
    const book = new ReceiptBook(createMemoryPieceStore(), 'earned')
    const template = await receipt()
    for (let name = 100; name < 104; name++) {
      const many = Array.from({ length: 1024 }, (_, shardIndex) => ({ ...template, challenger: id(name), shardIndex }))
      expect(await book.add(many, clock.now())).toBe(1024)
    }
    const honest = await receipt({}, stranger)
    expect(await book.add([honest], clock.now())).toBe(1)
    const all: string[] = []
    for await (const bytes of book.export()) all.push(encodeHex(bytes))
    expect(all).toHaveLength(4096)
    expect(all).toContain(encodeHex(encodeStorageReceipt(honest)))
  })

  it('gives up what its node was shown to have lied about, on evidence and on nothing else', async () => {
    const content = await publishContent()
    const { table, bytes, pieces } = content.segments[0] ?? {}
    if (!table || !bytes || !pieces) throw new Error('a segment')
    const lie = await recodedPiece(content, 0, pieces, holder, data => data.set([(data[0] ?? 0) ^ 1]))
    const proof = gatherEvidence(hashing, content.manifest, 0, table, lie, bytes)
    if (!proof) throw new Error('a lie leaves evidence')
    const evidence = encodeEvidence(proof)
    const book = new ReceiptBook(createMemoryPieceStore(), 'issued')
    const { contentId } = content.manifest
    const kept = [await receipt(), await receipt({ contentId, storageNode: stranger.publicKey })]
    await book.add([await receipt({ contentId }), ...kept], clock.now())
    const forged = evidence.with(100, (evidence[100] ?? 0) ^ 1)
    await expect(voidByEvidence(book, content.manifest, forged)).rejects.toMatchObject({ name: 'CraftecError' })
    expect(await exported(book)).toHaveLength(3)
    expect(await voidByEvidence(book, content.manifest, evidence)).toMatchObject({ voided: 1 })
    expect(await exported(book)).toEqual(kept)
  })
})

describe('handing over receipts', () => {
  const network = () => {
    const createNode = memoryNetwork()
    const [from, to, other] = [createNode(1), createNode(2), createNode(3)]
    const book = new ReceiptBook(createMemoryPieceStore(), 'earned')
    const stop = serveReceipts(to, { book, clock, holds: async contentId => contentId[0] === 9 })
    return { from, other, book, stop, at: { peerId: to.peerId, addresses: [] } }
  }

  it('gives them to whom they are about', async () => {
    const { from, book, stop, at } = network()
    const many = await Promise.all(Array.from({ length: 70 }, (_, shardIndex) => receipt({ shardIndex })))
    expect(await giveReceipts(from, at, many, { clock })).toBe(70)
    expect(await giveReceipts(from, at, many, { clock })).toBe(0)
    expect(await exported(book)).toHaveLength(70)
    stop()
  })

  it('takes none that is about others, from others, of content that is not here, or of another time', async () => {
    const { from, other, book, stop, at } = network()
    const [good] = [await receipt()]
    expect(await giveReceipts(other, at, [good], { clock })).toBe(0)
    const bad = [
      await receipt({ storageNode: stranger.publicKey }),
      await receipt({ contentId: id(8) }),
      await receipt({ timestamp: NOW_S - 3601 }),
      await receipt({ timestamp: NOW_S + 601 }),
      { ...good, signature: good.signature.map(byte => byte ^ 1) }
    ]
    expect(await giveReceipts(from, at, bad, { clock })).toBe(0)
    expect(await exported(book)).toEqual([])
    stop()
  })

  it('ends the channel of whoever breaks the protocol, and serves the next', async () => {
    const { from, stop, at } = network()
    const channel = await from.openChannel(at, RECEIPTS_PROTOCOL, { maxFrameBytes: 1000 })
    await channel.send(Uint8Array.of(1, 0))
    expect(await channel.closed).toMatchObject({ code: 'link-closed' })
    expect(await giveReceipts(from, at, [await receipt()], { clock })).toBe(1)
    stop()
    await expect(giveReceipts(from, at, [await receipt()], { clock })).rejects.toMatchObject({ code: 'link-failed' })
    const garbage = hostileBytes('receipt frames')
    for (let length = 0; length < 300; length++)
      for (const decode of [decodeGive, decodeTaken])
        expect(() => decode(garbage(length)), String(length)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})
