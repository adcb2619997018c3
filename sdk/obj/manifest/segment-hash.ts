import { ByteWriter } from '../../codec/index.ts'
import { sha256 } from '../../crypto/index.ts'
import { createPause } from '../coding/index.ts'
import { HASH_BYTES, type HashEngine } from '../hashing/index.ts'

const SEGMENT = 4

/**
 * SHA-256(`04` ‖ u32le bytes of the segment ‖ roots of its source pieces). Made of roots that are there anyhow, so that no byte is hashed for
 * it once more.
 * @param segmentBytes without the filling of the last piece
 * @param sourceRoots packed, in order
 */
export function segmentHash(segmentBytes: number, sourceRoots: Uint8Array): Uint8Array {
  return sha256(new ByteWriter(5 + sourceRoots.length).u8(SEGMENT).u32le(segmentBytes).bytes(sourceRoots).finish())
}

export interface HashSegmentOptions {
  /** Root of a source piece that was verified already: it is not hashed again. */
  readonly knownRoot?: (index: number) => Uint8Array | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * The hash of a segment of which the bytes are there: of zeros where the last piece is filled up. In slices, piece by piece.
 * @throws CraftecError `aborted`
 */
export async function hashSegment(
  hashing: HashEngine,
  bytes: Uint8Array,
  pieceBytes: number,
  { knownRoot, signal }: HashSegmentOptions = {}
): Promise<Uint8Array> {
  const k = Math.ceil(bytes.length / pieceBytes)
  const roots = new Uint8Array(k * HASH_BYTES)
  const pause = createPause(signal)
  for (let index = 0; index < k; index++) {
    let root = knownRoot?.(index)
    if (!root) {
      await pause()
      root = hashing.pieceRoot(filled(bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes), pieceBytes))
    }
    roots.set(root, index * HASH_BYTES)
  }
  return segmentHash(bytes.length, roots)
}

function filled(piece: Uint8Array, pieceBytes: number): Uint8Array {
  if (piece.length === pieceBytes) return piece
  const whole = new Uint8Array(pieceBytes)
  whole.set(piece)
  return whole
}
