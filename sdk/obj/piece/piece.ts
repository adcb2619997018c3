import { CraftecError } from '../../errors/index.ts'

/**
 * What is known of a piece beside its data. Where it comes from is part of it: a committed piece shows its place under the
 * manifest, a recoded one the signature of whoever made it.
 */
export interface PieceHeader {
  /** One scalar a source piece: k bytes, not all zero. */
  readonly coefficients: Uint8Array
  /** Root of the data's tree, 32 bytes. */
  readonly root: Uint8Array
  /** See {@link decodeProvenance}. */
  readonly provenance: Uint8Array
}

/** @throws CraftecError `malformed` unless there are k coefficients, not all zero: such a piece says nothing about its segment */
export function checkPieceCoefficients(coefficients: Uint8Array, k: number): void {
  if (coefficients.length !== k)
    throw new CraftecError('malformed', `a piece of this segment has ${k} coefficients, got ${coefficients.length}`)
  if (coefficients.every(scalar => scalar === 0))
    throw new CraftecError('malformed', 'a piece whose coefficients are all zero')
}
