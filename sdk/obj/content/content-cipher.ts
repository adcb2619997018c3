/**
 * Encryption before coding: XChaCha20-Poly1305 in chunks, in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár,
 * "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015, §7): a chunk's nonce says its place and whether it
 * is the last, so that chunks cannot be reordered, dropped or cut off, and any of them opens alone.
 *
 * Two values are derived from the content key by HKDF-SHA256: the cipher key, and the 16 bytes all nonces begin with. A content
 * key serves one content, ever: `put` draws a fresh one each time.
 */
import {
  type CryptoEngine,
  cryptoEngine,
  deriveXChachaKey,
  KEY_BYTES,
  NONCE_BYTES,
  TAG_BYTES
} from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { checkChunkBytes } from './cipher-layout.ts'

const LABEL = 'craftec-obj-content-1'
const NONCE_PREFIX_BYTES = 16
const LAST_CHUNK = 1n << 63n

export interface ContentCipher {
  readonly chunkBytes: number
  /**
   * @param plaintext `chunkBytes` bytes; the last chunk may be shorter, and only that of empty content may have none
   * @param index 0..2^53-1
   * @returns the plaintext encrypted, and 16 bytes of tag
   * @throws CraftecError `invalid-argument`
   */
  seal(index: number, last: boolean, plaintext: Uint8Array): Uint8Array
  /**
   * @returns the plaintext
   * @throws CraftecError `malformed` when the chunk is not authentic: another key, another place, or changed bytes
   */
  open(index: number, last: boolean, sealed: Uint8Array): Uint8Array
}

/**
 * @param key the content key, 32 bytes; copied
 * @param chunkBytes plaintext bytes of a chunk, 1024..1,048,576
 * @throws CraftecError `invalid-argument`
 */
export function createContentCipher(
  key: Uint8Array,
  chunkBytes: number,
  engine: CryptoEngine = cryptoEngine()
): ContentCipher {
  checkChunkBytes(chunkBytes)
  if (key.length !== KEY_BYTES)
    throw new CraftecError('invalid-argument', `a content key has ${KEY_BYTES} bytes, got ${key.length}`)
  const label = new TextEncoder().encode(LABEL)
  const derived = engine.hkdfExpand(engine.hkdfExtract(label, key), label, KEY_BYTES + NONCE_PREFIX_BYTES)
  const chunkKey = deriveXChachaKey(derived.subarray(0, KEY_BYTES), derived.subarray(KEY_BYTES))

  const nonce = (index: number, last: boolean): Uint8Array => {
    if (!Number.isSafeInteger(index) || index < 0)
      throw new CraftecError('invalid-argument', `a chunk's index is 0..2^53-1, got ${index}`)
    const bytes = new Uint8Array(NONCE_BYTES)
    new DataView(bytes.buffer).setBigUint64(4, BigInt(index) | (last ? LAST_CHUNK : 0n), true)
    return bytes
  }
  const checkLength = (bytes: number, index: number, last: boolean, code: 'invalid-argument' | 'malformed'): void => {
    const fits = last ? bytes <= chunkBytes && (bytes > 0 || index === 0) : bytes === chunkBytes
    if (!fits) throw new CraftecError(code, `chunk ${index}: ${bytes} bytes of plaintext do not fit its place`)
  }
  return {
    chunkBytes,
    seal: (index, last, plaintext) => {
      checkLength(plaintext.length, index, last, 'invalid-argument')
      return engine.aeadSeal(chunkKey, nonce(index, last), plaintext, { aad: label })
    },
    open: (index, last, sealed) => {
      checkLength(sealed.length - TAG_BYTES, index, last, 'malformed')
      const plaintext = engine.aeadOpen(chunkKey, nonce(index, last), sealed, { aad: label })
      if (plaintext === undefined)
        throw new CraftecError('malformed', `chunk ${index} does not open: another key, or not what was stored`)
      return plaintext
    }
  }
}
