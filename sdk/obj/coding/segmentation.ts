import { CraftecError } from '../../errors/index.ts'
import { MAX_SOURCE_PIECES } from './generation.ts'

/** spec/obj.md §4.1 of the reference generation. */
export const DEFAULT_PIECE_BYTES = 262_144
export const DEFAULT_SEGMENT_BYTES = 10_485_760

export interface SegmentationOptions {
  /** Default 262,144. */
  readonly pieceBytes?: number
  /** Default 10,485,760. */
  readonly segmentBytes?: number
}

export interface Segment {
  readonly index: number
  /** Position in the content. */
  readonly offset: number
  /** Content bytes in it; the last segment may be shorter. */
  readonly bytes: number
  /** Source pieces: ceil(bytes / pieceBytes). */
  readonly k: number
}

/** How content is cut. Empty content has no segment. */
export interface Segmentation {
  readonly pieceBytes: number
  readonly segmentBytes: number
  readonly count: number
  /** @throws CraftecError `invalid-argument` outside 0..count-1 */
  segment(index: number): Segment
}

/**
 * @param sizeBytes of the content, 0..2^53-1
 * @throws CraftecError `invalid-argument` when a full segment would have more than 128 pieces, or a size is not a positive integer
 */
export function segmentation(sizeBytes: number, options: SegmentationOptions = {}): Segmentation {
  const { pieceBytes = DEFAULT_PIECE_BYTES, segmentBytes = DEFAULT_SEGMENT_BYTES } = options
  for (const [name, value, least] of [
    ['content', sizeBytes, 0],
    ['piece', pieceBytes, 1],
    ['segment', segmentBytes, 1]
  ] as const)
    if (!Number.isSafeInteger(value) || value < least)
      throw new CraftecError(
        'invalid-argument',
        `the ${name} size must be an integer of at least ${least}, got ${value}`
      )
  const full = Math.ceil(segmentBytes / pieceBytes)
  if (full > MAX_SOURCE_PIECES)
    throw new CraftecError(
      'invalid-argument',
      `segments of ${segmentBytes} bytes have ${full} pieces of ${pieceBytes}; at most ${MAX_SOURCE_PIECES}: use larger pieces`
    )
  const count = Math.ceil(sizeBytes / segmentBytes)
  return {
    pieceBytes,
    segmentBytes,
    count,
    segment: index => {
      if (!Number.isInteger(index) || index < 0 || index >= count)
        throw new CraftecError('invalid-argument', `segment 0..${count - 1}, got ${index}`)
      const offset = index * segmentBytes
      const bytes = Math.min(segmentBytes, sizeBytes - offset)
      return { index, offset, bytes, k: Math.ceil(bytes / pieceBytes) }
    }
  }
}

/**
 * Pieces that the network should hold of a segment: ceil(k * (2 + 16 / k)), in IEEE doubles and in this order: for k = 22 the
 * product is a hair above 60, and every node must get 61.
 */
export function targetPieces(k: number): number {
  return Math.ceil(k * (2 + 16 / k))
}
