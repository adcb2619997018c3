import { cryptoEngine } from './engine-choice.ts'

/** SHA-256 by the best engine of this runtime. @returns 32 bytes */
export function sha256(data: Uint8Array): Uint8Array {
  return cryptoEngine().sha256(data)
}

/** HMAC-SHA256, RFC 2104. @returns 32 bytes */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  return cryptoEngine().hmacSha256(key, data)
}

/** HKDF-Extract with SHA-256, RFC 5869 §2.2. @returns the 32-byte pseudorandom key */
export function hkdfExtract(salt: Uint8Array, ikm: Uint8Array): Uint8Array {
  return cryptoEngine().hkdfExtract(salt, ikm)
}

/** HKDF-Expand with SHA-256, RFC 5869 §2.3. @param length bytes of output, 1..8160 */
export function hkdfExpand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return cryptoEngine().hkdfExpand(prk, info, length)
}
