import { ByteWriter } from '../../codec/index.ts'
import { cryptoEngine } from '../../crypto/index.ts'
import type { Identity } from '../../identity/index.ts'

const LABEL = /* @__PURE__ */ new TextEncoder().encode('craftec-obj-recoded-1')

/** What a recoder vouches for: that the piece with this root is this combination of the segment's source pieces. */
export interface RecodedClaim {
  readonly manifestId: Uint8Array
  readonly segment: number
  readonly coefficients: Uint8Array
  readonly root: Uint8Array
}

/**
 * Sign a recoded piece. The signature is evidence against the signer if the piece turns out to be something else, so recode only
 * from committed pieces, or from pieces that were compared with a segment that decoded to its hash.
 * @returns 64 bytes
 */
export function signRecoded(identity: Identity, claim: RecodedClaim): Promise<Uint8Array> {
  return identity.sign(signedBytes(claim))
}

/** @param recoder its Ed25519 public key, 32 bytes */
export function verifyRecoded(claim: RecodedClaim, recoder: Uint8Array, signature: Uint8Array): boolean {
  return cryptoEngine().ed25519Verify(recoder, signedBytes(claim), signature)
}

function signedBytes({ manifestId, segment, coefficients, root }: RecodedClaim): Uint8Array {
  return new ByteWriter()
    .bytes(LABEL)
    .bytes(manifestId)
    .u32le(segment)
    .u8(coefficients.length)
    .bytes(coefficients)
    .bytes(root)
    .finish()
}
