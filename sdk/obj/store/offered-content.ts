import type { ContentInfo, PushOffer } from './piece-store.ts'

/**
 * Content that is not here yet, as far as an offer of its first pieces tells. Its content id, its size and how many segments it has are
 * in its manifest, which comes later: they are zero.
 */
export function offeredContent({ manifestId, pieceBytes, from }: PushOffer, now: number): ContentInfo {
  return {
    manifestId,
    contentId: new Uint8Array(manifestId.length),
    pieceBytes,
    segments: 0,
    size: 0,
    origin: 'peer',
    peer: from,
    pinned: false,
    addedAt: now,
    usedAt: now,
    pieces: 0,
    storedBytes: 0
  }
}
