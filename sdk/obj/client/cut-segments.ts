import { parityPieces } from '../manifest/index.ts'

/** A segment, at the front of room for all pieces that will be made of it. */
export interface CutSegment {
  readonly pieces: Uint8Array
  readonly sourceBytes: number
  readonly k: number
  readonly pieceBytes: number
}

export interface SegmentShape {
  readonly segmentBytes: number
  readonly pieceBytes: number
}

const LEAF_BYTES = 1024

/**
 * Cut stored bytes into segments. Content of less than one piece gets a smaller piece, so that little files take little room.
 * Each segment has memory of its own: ask for the next one when there is room for it.
 * @param takeRoom gives memory of so many bytes; it need not be clear
 */
export async function* cutSegments(
  bytes: AsyncIterable<Uint8Array>,
  { segmentBytes, pieceBytes }: SegmentShape,
  takeRoom: (bytes: number) => Uint8Array
): AsyncIterable<CutSegment> {
  const k = Math.ceil(segmentBytes / pieceBytes)
  const roomBytes = (k + parityPieces(k)) * pieceBytes
  let room: Uint8Array | undefined
  let filled = 0
  let segments = 0
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; ) {
      room ??= takeRoom(roomBytes)
      const take = Math.min(segmentBytes - filled, chunk.length - at)
      room.set(chunk.subarray(at, at + take), filled)
      filled += take
      at += take
      if (filled < segmentBytes) continue
      yield { pieces: room, sourceBytes: filled, k, pieceBytes }
      segments++
      room = undefined
      filled = 0
    }
  }
  if (!room || filled === 0) return
  const lastPieceBytes =
    segments === 0 && filled < pieceBytes ? Math.ceil(filled / LEAF_BYTES) * LEAF_BYTES : pieceBytes
  const lastK = Math.ceil(filled / lastPieceBytes)
  const count = lastK + parityPieces(lastK)
  yield {
    pieces: room.subarray(0, count * lastPieceBytes),
    sourceBytes: filled,
    k: lastK,
    pieceBytes: lastPieceBytes
  }
}
