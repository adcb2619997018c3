/**
 * The engine on Node: OpenSSL through `node:crypto`, synchronously. Nothing here imports Node; the module is an argument,
 * so that browsers and bundlers never see it.
 */
import { CraftecError } from '../errors/index.ts'
import { type CryptoEngine, completeEngine, type HashStream, KEY_BYTES, TAG_BYTES } from './crypto-engine.ts'
import { isCanonicalLargeOrder } from './ed25519-encoding.ts'
import { noblePrimitives } from './noble-engine.ts'

/** The part of `node:crypto` in use, spelled out because the SDK is compiled without Node's types. */
export interface NodeCrypto {
  getCiphers(): string[]
  hash(algorithm: 'sha256', data: Uint8Array, encoding: 'buffer'): Uint8Array
  createHash(algorithm: 'sha256'): NodeHash
  createPrivateKey(key: { key: Uint8Array; format: 'der'; type: 'pkcs8' }): NodeKey
  createPublicKey(key: { key: Uint8Array; format: 'der'; type: 'spki' } | NodeKey): NodeKey
  sign(algorithm: null, data: Uint8Array, key: NodeKey): Uint8Array
  verify(algorithm: null, data: Uint8Array, key: NodeKey, signature: Uint8Array): boolean
  diffieHellman(keys: { privateKey: NodeKey; publicKey: NodeKey }): Uint8Array
  createCipheriv(algorithm: string, key: Uint8Array, iv: Uint8Array, options?: { authTagLength: number }): NodeCipher
  createDecipheriv(algorithm: string, key: Uint8Array, iv: Uint8Array, options: { authTagLength: number }): NodeCipher
}

interface NodeHash {
  update(data: Uint8Array): unknown
  digest(): Uint8Array
}

interface NodeKey {
  export(options: { format: 'der'; type: 'spki' }): Uint8Array
}

interface NodeCipher {
  setAAD(aad: Uint8Array): unknown
  setAuthTag(tag: Uint8Array): unknown
  getAuthTag(): Uint8Array
  update(data: Uint8Array): Uint8Array
  final(): Uint8Array
}

/** What stands before the 32 raw bytes in DER (RFC 8410 §4 and §7); the last differing byte is the curve's OID. */
const PKCS8_PREFIX = {
  ed25519: [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20],
  x25519: [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20]
}
const SPKI_PREFIX = {
  ed25519: [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0],
  x25519: [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 0x21, 0]
}
type Curve = keyof typeof SPKI_PREFIX

const AEAD = 'chacha20-poly1305'
const STREAM = 'chacha20'
const AEAD_OPTIONS = { authTagLength: TAG_BYTES }

/**
 * Below these sizes noble is faster: a cipher object costs OpenSSL 3 about 22 µs before the first byte. Median of 11
 * interleaved rounds, Node 24.21, Zen 4, µs noble / node: ChaCha20 600 B 3 / 23, 4 KiB 12 / 23, 8 KiB 23 / 25,
 * 16 KiB 45 / 30; AEAD seal 600 B 14 / 23, 1500 B 19 / 23, 4 KiB 35 / 24, 16 KiB 126 / 33.
 */
const MIN_STREAM_BYTES = 8192
const MIN_AEAD_BYTES = 2048

/** Whether this `node:crypto` can carry the engine: Electron's BoringSSL has no ChaCha20, old Nodes no `hash`. */
export function hasNodeEngine(node: Partial<NodeCrypto>): node is NodeCrypto {
  const ciphers = node.getCiphers?.() ?? []
  return typeof node.hash === 'function' && ciphers.includes(AEAD) && ciphers.includes(STREAM)
}

/** @param node the module `node:crypto`; see {@link hasNodeEngine} */
export function createNodeEngine(node: NodeCrypto): CryptoEngine {
  const privateKey = (curve: Curve, raw: Uint8Array): NodeKey =>
    node.createPrivateKey({ key: withPrefix(PKCS8_PREFIX[curve], raw), format: 'der', type: 'pkcs8' })
  const publicKey = (curve: Curve, raw: Uint8Array): NodeKey =>
    node.createPublicKey({ key: withPrefix(SPKI_PREFIX[curve], raw), format: 'der', type: 'spki' })
  const rawPublicKey = (curve: Curve, raw: Uint8Array): Uint8Array =>
    copied(node.createPublicKey(privateKey(curve, raw)).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES))

  return completeEngine({
    name: 'node',
    nativeHashes: true,
    sha256: data => copied(node.hash('sha256', data, 'buffer')),
    sha256Stream: () => streaming(node.createHash('sha256')),
    // As below, 24 to 36 µs a call whatever the length; noble takes 6 for the short inputs of HKDF, 32 for 4 KiB.
    hmacSha256: noblePrimitives.hmacSha256,

    ed25519PublicKey: seed => rawPublicKey('ed25519', seed),
    ed25519Sign: (seed, message) => copied(node.sign(null, message, privateKey('ed25519', seed))),
    ed25519Verify: (key, message, signature) =>
      isCanonicalLargeOrder(key) &&
      isCanonicalLargeOrder(signature.subarray(0, 32)) &&
      node.verify(null, message, publicKey('ed25519', key), signature),

    x25519PublicKey: raw => rawPublicKey('x25519', raw),
    x25519SharedSecret: (own, peer) => {
      const keys = { privateKey: privateKey('x25519', own), publicKey: publicKey('x25519', peer) }
      try {
        return copied(node.diffieHellman(keys))
      } catch (cause) {
        // OpenSSL's only reason to fail here is the all-zero result.
        throw new CraftecError('protocol-violation', 'X25519: the peer sent a low-order public key', { cause })
      }
    },

    chacha20Xor: (key, nonce, counter, data, out) => {
      if (data.length < MIN_STREAM_BYTES) {
        noblePrimitives.chacha20Xor(key, nonce, counter, data, out)
        return
      }
      // OpenSSL's IV is the counter, little-endian, and the nonce (EVP_chacha20).
      const iv = new Uint8Array(16)
      new DataView(iv.buffer).setUint32(0, counter, true)
      iv.set(nonce, 4)
      out.set(node.createCipheriv(STREAM, key, iv).update(data))
    },
    aeadSealInPlace: (key, nonce, data, tag, aad) => {
      if (data.length < MIN_AEAD_BYTES) {
        noblePrimitives.aeadSealInPlace(key, nonce, data, tag, aad)
        return
      }
      const cipher = node.createCipheriv(AEAD, key, nonce, AEAD_OPTIONS)
      if (aad.length > 0) cipher.setAAD(aad)
      data.set(cipher.update(data))
      cipher.final()
      tag.set(cipher.getAuthTag())
    },
    aeadOpenInPlace: (key, nonce, data, tag, aad) => {
      if (data.length < MIN_AEAD_BYTES) return noblePrimitives.aeadOpenInPlace(key, nonce, data, tag, aad)
      const decipher = node.createDecipheriv(AEAD, key, nonce, AEAD_OPTIONS)
      if (aad.length > 0) decipher.setAAD(aad)
      decipher.setAuthTag(tag)
      const plaintext = decipher.update(data)
      try {
        decipher.final()
      } catch {
        return false
      }
      data.set(plaintext)
      return true
    }
  })
}

function withPrefix(prefix: readonly number[], raw: Uint8Array): Uint8Array {
  const der = new Uint8Array(prefix.length + raw.length)
  der.set(prefix)
  der.set(raw, prefix.length)
  return der
}

/** Node answers with Buffers, some of them views of a shared pool; callers get plain bytes of their own. */
function copied(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer)
}

function streaming(hash: NodeHash): HashStream {
  const stream: HashStream = {
    update: data => {
      hash.update(data)
      return stream
    },
    digest: () => copied(hash.digest())
  }
  return stream
}
