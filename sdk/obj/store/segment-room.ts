import type { PieceRecord } from './piece-store.ts'
import { MAX_PIECES_PER_SEGMENT } from './store-limits.ts'

/**
 * Pieces of a segment that may be added to those held. Who has k of what is the device's own can make all others: what peers add to that is
 * no use to it, and would fill room that nobody's quota bounds.
 * @param origin of the content, and `pushed` whether a peer sends the pieces
 * @param one a piece of the segment, for its k; without any the bound of every segment holds
 */
export function roomInSegment(
  { origin, pushed }: { readonly origin: 'own' | 'peer' | undefined; readonly pushed: boolean },
  held: number,
  one: PieceRecord | undefined
): number {
  const most =
    pushed && origin === 'own' ? (one?.coefficients.length ?? MAX_PIECES_PER_SEGMENT) : MAX_PIECES_PER_SEGMENT
  return Math.max(0, most - held)
}
