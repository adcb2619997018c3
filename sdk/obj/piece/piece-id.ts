import { ByteWriter } from '../../codec/index.ts'
import { sha256 } from '../../crypto/index.ts'

const PIECE_ID = 3

/**
 * What a piece is called: SHA-256(`03` ‖ hash of its segment ‖ u8 k ‖ coefficients ‖ root). It binds the data and the bytes that the
 * segment has, and no manifest: two manifests of one content share pieces.
 * @param segmentHash as the manifest has it, 32 bytes
 * @param root of the piece's tree, 32 bytes
 */
export function pieceId(segmentHash: Uint8Array, coefficients: Uint8Array, root: Uint8Array): Uint8Array {
  return sha256(
    new ByteWriter(66 + coefficients.length)
      .u8(PIECE_ID)
      .bytes(segmentHash)
      .u8(coefficients.length)
      .bytes(coefficients)
      .bytes(root)
      .finish()
  )
}
