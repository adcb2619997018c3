import { hchacha } from '@noble/ciphers/chacha.js'
import { CraftecError } from '../errors/index.ts'
import { KEY_BYTES } from './crypto-engine.ts'

/** "expand 32-byte k", the constant of every ChaCha20 state (RFC 8439 §2.3). */
const SIGMA = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]
const PREFIX_BYTES = 16

/**
 * The key that XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03 §2.2) gives to ChaCha20-Poly1305 for all nonces that begin with
 * `noncePrefix`: HChaCha20. The inner nonce is four zero bytes and the last eight of the 24. Nonces that share their prefix, as
 * those of a file's chunks do, pay for it once, and the fast AEAD of the engine does the rest.
 * @param key 32 bytes
 * @param noncePrefix the first 16 bytes of the 24
 * @throws CraftecError `invalid-argument` for other lengths
 */
export function deriveXChachaKey(key: Uint8Array, noncePrefix: Uint8Array): Uint8Array {
  if (key.length !== KEY_BYTES || noncePrefix.length !== PREFIX_BYTES)
    throw new CraftecError(
      'invalid-argument',
      `expected a key of ${KEY_BYTES} and a nonce prefix of ${PREFIX_BYTES} bytes, got ${key.length} and ${noncePrefix.length}`
    )
  const derived = new Uint32Array(8)
  hchacha(Uint32Array.from(SIGMA), words(key), words(noncePrefix), derived)
  return new Uint8Array(derived.buffer)
}

/** A copy, so that the bytes may lie at any address. */
function words(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.slice().buffer)
}
