/**
 * Who looks after a content: one holder at a time, chosen by rendezvous hashing (Thaler and Ravishankar, 1998), so that all who know
 * the same holders agree without a word, and the work moves on every half hour. Holders that nobody audits do not matter here: a liar
 * who wins is silent for a fifth of an epoch, then the next one takes over.
 */
import { ByteWriter } from '../../codec/index.ts'
import { sha256 } from '../../crypto/index.ts'

export const EPOCH_MS = 30 * 60_000
/** A scanner that has not been heard of for so long is taken to be gone, and the next in rank takes over. */
export const TAKEOVER_MS = EPOCH_MS / 5

const LABEL = /* @__PURE__ */ new TextEncoder().encode('craftec-obj-scanner-1')

/** @param nowMs milliseconds since the Unix epoch */
export function epochOf(nowMs: number): number {
  return Math.floor(nowMs / EPOCH_MS)
}

/**
 * Holders in the order in which they are to scan. Adding or removing one leaves the order of the others as it is.
 * @param holders public keys, 32 bytes each; durable ones only
 */
export function scannerRanking(
  manifestId: Uint8Array,
  epoch: number,
  holders: readonly Uint8Array[]
): readonly Uint8Array[] {
  return holders
    .map(key => ({ key, weight: weightOf(manifestId, epoch, key) }))
    .sort((a, b) => compare(b.weight, a.weight))
    .map(({ key }) => key)
}

/**
 * Whether it is for `self` to scan now: it is first, or all before it have been silent since their turn began.
 * @param scannedAtMs when each of them was last heard to have scanned this content, by its place in the ranking
 */
export function isScanner(
  ranking: readonly Uint8Array[],
  self: Uint8Array,
  nowMs: number,
  scannedAtMs: (key: Uint8Array) => number | undefined
): boolean {
  const place = ranking.findIndex(key => compare(key, self) === 0)
  if (place < 0) return false
  const began = epochOf(nowMs) * EPOCH_MS
  if (nowMs < began + place * TAKEOVER_MS) return false
  // What was heard in another epoch says nothing of this one; a later one is a clock that was set back.
  const isSilent = (heardMs: number | undefined): boolean =>
    heardMs === undefined || epochOf(heardMs) !== epochOf(nowMs)
  return ranking.slice(0, place).every(key => isSilent(scannedAtMs(key)))
}

function weightOf(manifestId: Uint8Array, epoch: number, key: Uint8Array): Uint8Array {
  return sha256(new ByteWriter(96).bytes(LABEL).bytes(manifestId).u64le(BigInt(epoch)).bytes(key).finish())
}

function compare(left: Uint8Array, right: Uint8Array): number {
  for (let index = 0; index < left.length; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
