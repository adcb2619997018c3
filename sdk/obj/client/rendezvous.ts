import { encodeHex } from '../../codec/index.ts'
import { sha256 } from '../../crypto/index.ts'

/**
 * Where a peer stands for a content: everybody who sorts by it comes to the same order, and each content has another one (Thaler and
 * Ravishankar, "Using name-based mappings to increase hit rates", 1998).
 * @returns hexadecimal digits; lower is nearer
 */
export function rendezvous(peerId: string, id: Uint8Array): string {
  const name = new TextEncoder().encode(peerId)
  const message = new Uint8Array(name.length + id.length)
  message.set(name)
  message.set(id, name.length)
  return encodeHex(sha256(message))
}
