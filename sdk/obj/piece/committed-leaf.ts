import { ByteWriter } from '../../codec/index.ts'
import { sha256 } from '../../crypto/index.ts'

const COMMITTED_LEAF = 2

/**
 * A leaf of the tree over a segment's committed pieces: SHA-256(`02` ‖ u32le index ‖ u8 k ‖ coefficients ‖ root).
 * @param index 0..k-1 are the source pieces, parity follows
 */
export function committedLeafHash(index: number, coefficients: Uint8Array, root: Uint8Array): Uint8Array {
  return sha256(
    new ByteWriter(38 + coefficients.length)
      .u8(COMMITTED_LEAF)
      .u32le(index)
      .u8(coefficients.length)
      .bytes(coefficients)
      .bytes(root)
      .finish()
  )
}
