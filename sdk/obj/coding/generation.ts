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
export function checkPiece(generation: Generation, piece: CodedPiece): void {
  const { pieceBytes } = generation
  if (typeof piece !== 'object' || piece === null)
    throw new CraftecError('malformed', `expected a piece, got ${piece === null ? 'null' : typeof piece}`)
  checkCoefficients(generation, piece.coefficients)
  checkBytes('a piece', piece.data, pieceBytes)
}

/** @throws CraftecError `malformed` unless it is k bytes */
export function checkCoefficients({ k }: Generation, coefficients: Uint8Array): void {
  checkBytes('coefficients', coefficients, k)
}

/** Pieces come out of messages: the type is a promise of the caller, not a fact. */
function checkBytes(what: string, value: unknown, length: number): void {
  if (!(value instanceof Uint8Array))
    throw new CraftecError('malformed', `${what}: expected bytes, got ${typeof value}`)
  if (value.length !== length)
    throw new CraftecError('malformed', `${what}: expected ${length} bytes, got ${value.length}`)
}

/** @throws CraftecError `invalid-argument` unless from <= to are integers within 0..limit */
export function checkRange(from: number, to: number, limit: number): void {
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || from > to || to > limit)
    throw new CraftecError('invalid-argument', `expected a range within 0..${limit} bytes, got ${from}..${to}`)
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
