import { CraftecError } from '../errors/index.ts'
import type { CryptoEngine } from './crypto-engine.ts'

const TAG_BYTES = 16

/** `ciphertext ‖ tag` in one array, the layout of RFC 8439 §2.8, over an engine that works in place. */
export function combinedAead(
  engine: Pick<CryptoEngine, 'aeadSealInPlace' | 'aeadOpenInPlace'>
): Pick<CryptoEngine, 'aeadSeal' | 'aeadOpen'> {
  return {
    aeadSeal: (key, nonce, plaintext, { aad, out } = {}) => {
      const sealed = output(out, plaintext.length + TAG_BYTES)
      sealed.set(plaintext)
      engine.aeadSealInPlace(key, nonce, sealed.subarray(0, plaintext.length), sealed.subarray(plaintext.length), aad)
      return sealed
    },
    aeadOpen: (key, nonce, sealed, { aad, out } = {}) => {
      const length = sealed.length - TAG_BYTES
      if (length < 0) return undefined
      const plaintext = output(out, length)
      // The tag is copied out first: `out` may lie over `sealed`.
      const tag = sealed.slice(length)
      plaintext.set(sealed.subarray(0, length))
      if (engine.aeadOpenInPlace(key, nonce, plaintext, tag, aad)) return plaintext
      return undefined
    }
  }
}

function output(out: Uint8Array | undefined, length: number): Uint8Array {
  if (out === undefined) return new Uint8Array(length)
  if (out.length !== length)
    throw new CraftecError('invalid-argument', `out: expected ${length} bytes, got ${out.length}`)
  return out
}
