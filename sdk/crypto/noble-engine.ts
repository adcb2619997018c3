/**
 * The engine that runs everywhere: the audited noble libraries, plain JavaScript.
 * Slow where it matters (see engine-choice.ts for figures), correct always, and the reference for the other engines.
 */
import { chacha20, chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { CraftecError } from '../errors/index.ts'
import { type CryptoEngine, type CryptoPrimitives, completeEngine, TAG_BYTES } from './crypto-engine.ts'
import { isCanonicalLargeOrder } from './ed25519-encoding.ts'

export const noblePrimitives: CryptoPrimitives = {
  name: 'noble',
  nativeHashes: false,
  sha256: data => sha256(data),
  sha256Stream: () => sha256.create(),
  hmacSha256: (key, data) => hmac(sha256, key, data),
  ed25519PublicKey: seed => ed25519.getPublicKey(seed),
  ed25519Sign: (seed, message) => ed25519.sign(message, seed),
  ed25519Verify: verifyCofactorless,
  x25519PublicKey: privateKey => x25519.getPublicKey(privateKey),
  x25519SharedSecret: (privateKey, publicKey) => {
    try {
      return x25519.getSharedSecret(privateKey, publicKey)
    } catch (cause) {
      // Lengths are checked before; what is left is the low-order public key.
      throw new CraftecError('protocol-violation', 'X25519: the peer sent a low-order public key', { cause })
    }
  },
  chacha20Xor: (key, nonce, counter, data, out) => {
    chacha20(key, nonce, data, out, counter)
  },
  aeadSealInPlace: (key, nonce, data, tag, aad) => {
    const sealed = chacha20poly1305(key, nonce, aad).encrypt(data)
    data.set(sealed.subarray(0, data.length))
    tag.set(sealed.subarray(data.length))
  },
  aeadOpenInPlace: (key, nonce, data, tag, aad) => {
    const sealed = new Uint8Array(data.length + TAG_BYTES)
    sealed.set(data)
    sealed.set(tag, data.length)
    try {
      data.set(chacha20poly1305(key, nonce, aad).decrypt(sealed))
      return true
    } catch {
      return false
    }
  }
}

/** See the file's head. */
export function createNobleEngine(): CryptoEngine {
  return completeEngine(noblePrimitives)
}

/**
 * RFC 8032 §5.1.7 with the equation [S]B = R + [k]A, as OpenSSL, BoringSSL and dalek check it. noble's own `verify` uses
 * the cofactored equation and so takes signatures with a torsion component that those refuse.
 */
function verifyCofactorless(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const encodedR = signature.subarray(0, 32)
  if (!isCanonicalLargeOrder(publicKey) || !isCanonicalLargeOrder(encodedR)) return false
  const { Point } = ed25519
  const s = littleEndian(signature.subarray(32))
  if (!Point.Fn.isValid(s)) return false
  const k = Point.Fn.create(littleEndian(sha512.create().update(encodedR).update(publicKey).update(message).digest()))
  const a = decodePoint(publicKey)
  if (a === undefined) return false
  const r = Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k)).toBytes()
  return r.every((byte, index) => byte === encodedR[index])
}

function decodePoint(encoded: Uint8Array): InstanceType<typeof ed25519.Point> | undefined {
  try {
    return ed25519.Point.fromBytes(encoded)
  } catch {
    return undefined
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte)
  return value
}
