import { chacha20 } from '@noble/ciphers/chacha.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { RandomBytes } from '../../sdk/async/index.ts'

/** A replayable stream: the key stream of ChaCha20(SHA-256(seed), nonce = number of the call). For vectors and tests only. */
export function seededRandom(seed: string): RandomBytes {
  const key = sha256(new TextEncoder().encode(seed))
  const nonce = new Uint8Array(12)
  const view = new DataView(nonce.buffer)
  let call = 0
  return length => {
    view.setUint32(0, call++)
    return chacha20(key, nonce, new Uint8Array(length))
  }
}
