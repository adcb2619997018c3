import { CraftecError } from '../../errors/index.ts'

/**
 * More source pieces than this make decoding slow on every machine (each byte costs k multiplications) and buy nothing:
 * 128 pieces of 256 KiB are a segment of 32 MiB.
 */
export const MAX_SOURCE_PIECES = 128
/** Bounds what a workspace may allocate for one piece. */
export const MAX_PIECE_BYTES = 4 * 1024 * 1024

/** The shape of one generation (RFC 8406 §3.3): the source pieces that are coded together. */
export interface Generation {
  /** Source pieces, 1..128. */
  readonly k: number
  /** Bytes of every piece; the last source piece is filled up with zeros. */
  readonly pieceBytes: number
}

export interface CodedPiece {
  /** One scalar a source piece, k bytes. A source piece has a unit vector. */
  readonly coefficients: Uint8Array
  readonly data: Uint8Array
}

/** @throws CraftecError `invalid-argument` naming the bound that was broken */
export function checkGeneration({ k, pieceBytes }: Generation): void {
  if (!Number.isInteger(k) || k < 1 || k > MAX_SOURCE_PIECES)
    throw new CraftecError(
      'invalid-argument',
      `k must be 1..${MAX_SOURCE_PIECES} source pieces, got ${k}; use larger pieces or smaller segments`
    )
  if (!Number.isInteger(pieceBytes) || pieceBytes < 1 || pieceBytes > MAX_PIECE_BYTES)
    throw new CraftecError('invalid-argument', `a piece must have 1..${MAX_PIECE_BYTES} bytes, got ${pieceBytes}`)
}

/** @throws CraftecError `malformed` when the piece is not of this generation's shape */
export function checkPiece({ k, pieceBytes }: Generation, piece: CodedPiece): void {
  if (piece.coefficients.length !== k)
    throw new CraftecError('malformed', `expected ${k} coefficients, got ${piece.coefficients.length}`)
  if (piece.data.length !== pieceBytes)
    throw new CraftecError('malformed', `expected a piece of ${pieceBytes} bytes, got ${piece.data.length}`)
}

/** The index a unit vector points at, or -1. */
export function sourceIndex(coefficients: Uint8Array): number {
  let index = -1
  for (let i = 0; i < coefficients.length; i++) {
    if (coefficients[i] === 0) continue
    if (coefficients[i] !== 1 || index >= 0) return -1
    index = i
  }
  return index
}

/** The coefficient vector of source piece `index`. */
export function unitVector(k: number, index: number): Uint8Array {
  const vector = new Uint8Array(k)
  vector[index] = 1
  return vector
}
