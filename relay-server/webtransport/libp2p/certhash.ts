/** Certificate hashes as libp2p writes them: a sha2-256 multihash, in text as multibase base64url ("u…"). */
import { concat } from '../h3/tlv-reader.ts'

const SHA2_256 = 0x12

export function certhash(sha256: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(SHA2_256, sha256.length), sha256)
}

/** `/certhash/u…/certhash/u…`, to end a multiaddr with. */
export function certhashPath(hashes: readonly Uint8Array[]): string {
  return hashes.map(hash => `/certhash/u${Buffer.from(certhash(hash)).toString('base64url')}`).join('')
}
