import { encodeHex } from '../../sdk/codec/index.ts'
import { type PeerId, peerIdFromPublicKey } from '../../sdk/identity/index.ts'
import { EPOCH_MS, epochOf, type ReceiptSide, type SignedStorageReceipt } from '../../sdk/obj/index.ts'

export interface ReceiptCount {
  readonly receipts: number
  /** Different contents that they are about. */
  readonly contents: number
}

/** Receipts of one other node: of whoever challenged this one, or of whom this one challenged. */
export interface PeerReceipts extends ReceiptCount {
  readonly peer: PeerId
}

export interface EpochReceipts extends ReceiptCount {
  readonly epoch: number
  /** When the epoch began, ISO 8601. */
  readonly began: string
  /** Those with most receipts first. */
  readonly peers: readonly PeerReceipts[]
}

export interface ReceiptSummary extends ReceiptCount {
  readonly side: ReceiptSide
  /** Oldest first. */
  readonly epochs: readonly EpochReceipts[]
  /** Of all epochs, those with most receipts first. */
  readonly peers: readonly PeerReceipts[]
}

/** What a receipt book adds up to, by epoch and by the other node of each receipt. */
export function summarizeReceipts(side: ReceiptSide, receipts: readonly SignedStorageReceipt[]): ReceiptSummary {
  const epochs = groups(receipts, ({ timestamp }) => epochOf(timestamp * 1000))
  return {
    side,
    ...countOf(receipts),
    epochs: [...epochs]
      .sort(([left], [right]) => left - right)
      .map(([epoch, group]) => ({
        epoch,
        began: new Date(epoch * EPOCH_MS).toISOString(),
        ...countOf(group),
        peers: byPeer(side, group)
      })),
    peers: byPeer(side, receipts)
  }
}

function byPeer(side: ReceiptSide, receipts: readonly SignedStorageReceipt[]): PeerReceipts[] {
  const peers = groups(receipts, ({ challenger, storageNode }) =>
    peerIdFromPublicKey(side === 'earned' ? challenger : storageNode)
  )
  return Array.from(peers, ([peer, group]) => ({ peer, ...countOf(group) })).sort(
    (left, right) => right.receipts - left.receipts || (left.peer < right.peer ? -1 : 1)
  )
}

function countOf(receipts: readonly SignedStorageReceipt[]): ReceiptCount {
  return { receipts: receipts.length, contents: new Set(receipts.map(({ contentId }) => encodeHex(contentId))).size }
}

function groups<K>(
  receipts: readonly SignedStorageReceipt[],
  keyOf: (receipt: SignedStorageReceipt) => K
): Map<K, SignedStorageReceipt[]> {
  const map = new Map<K, SignedStorageReceipt[]>()
  for (const receipt of receipts) {
    const key = keyOf(receipt)
    const group = map.get(key)
    if (group) group.push(receipt)
    else map.set(key, [receipt])
  }
  return map
}
