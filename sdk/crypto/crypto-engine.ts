/**
 * The cryptography the SDK uses, behind one small synchronous interface, so that an engine can be replaced without
 * touching a protocol. Synchronous on purpose: a cell is sealed in microseconds, an awaited WebCrypto call costs ten times that.
 */
import type { RandomBytes } from '../async/index.ts'
import { CraftecError } from '../errors/index.ts'
import { combinedAead } from './combined-aead.ts'
import { hkdfExpandWith } from './hkdf-expand.ts'

/** SHA-256 digest, X25519 and Ed25519 keys and seeds, ChaCha20 keys. */
export const KEY_BYTES = 32
/** Ed25519 signature, RFC 8032 §5.1.6. */
export const SIGNATURE_BYTES = 64
/** RFC 8439 §2.3. */
export const NONCE_BYTES = 12
/** Poly1305, RFC 8439 §2.5. */
export const TAG_BYTES = 16

const CHACHA_BLOCK_BYTES = 64
/** RFC 8439 has 2^32; noble refuses the last one, and one rule must hold for all engines. */
const MAX_CHACHA_BLOCKS = 2 ** 32 - 1

/**
 * What an engine has to bring. Arguments have been checked by {@link completeEngine}: lengths are right, `out` fits.
 * An engine never keeps a reference to an argument and never returns memory shared with a pool.
 */
export interface CryptoPrimitives {
  /** Shown by diagnostics and benchmarks. */
  readonly name: string
  /** Whether hashes use the processor's own instructions, which no kernel of ours can match. */
  readonly nativeHashes: boolean
  sha256(data: Uint8Array): Uint8Array
  sha256Stream(): HashStream
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array
  ed25519PublicKey(seed: Uint8Array): Uint8Array
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
  x25519PublicKey(privateKey: Uint8Array): Uint8Array
  x25519SharedSecret(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array
  chacha20Xor(key: Uint8Array, nonce: Uint8Array, counter: number, data: Uint8Array, out: Uint8Array): void
  aeadSealInPlace(key: Uint8Array, nonce: Uint8Array, data: Uint8Array, tag: Uint8Array, aad: Uint8Array): void
  aeadOpenInPlace(key: Uint8Array, nonce: Uint8Array, data: Uint8Array, tag: Uint8Array, aad: Uint8Array): boolean
}

/** A hash over bytes that come in parts. */
export interface HashStream {
  update(data: Uint8Array): this
  /** The digest of everything so far; the stream is of no use afterwards. */
  digest(): Uint8Array
}

export interface X25519KeyPair {
  /** Unclamped, as drawn; clamping is part of the multiplication (RFC 7748 §5). */
  readonly privateKey: Uint8Array
  readonly publicKey: Uint8Array
}

/**
 * Throughout: keys and seeds 32 bytes, nonces 12, tags 16. A value of another length from the caller's own code throws
 * CraftecError `invalid-argument`; what a peer sends (public key, signature, ciphertext) never does.
 */
export interface CryptoEngine {
  readonly name: string
  readonly nativeHashes: boolean

  sha256(data: Uint8Array): Uint8Array
  sha256Stream(): HashStream
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array
  /** RFC 5869 §2.2. @returns the 32-byte pseudorandom key */
  hkdfExtract(salt: Uint8Array, ikm: Uint8Array): Uint8Array
  /** RFC 5869 §2.3. @param length bytes of output, 1..8160 */
  hkdfExpand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array

  ed25519PublicKey(seed: Uint8Array): Uint8Array
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array
  /**
   * Strict Ed25519: RFC 8032 §5.1.7 with canonical encodings, S < L, the cofactorless equation that section allows, and no
   * small-order key or R (they make one signature valid for many messages or keys). The same verdict from every engine.
   */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean

  x25519PublicKey(privateKey: Uint8Array): Uint8Array
  x25519KeyPair(random: RandomBytes): X25519KeyPair
  /** RFC 7748 §6.1. @throws CraftecError `protocol-violation` when `publicKey` is not 32 bytes or gives the all-zero secret */
  x25519SharedSecret(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array

  /**
   * RFC 8439 §2.4: XOR `data` with the key stream from block `counter` on.
   * @param out as long as `data`; may be `data` itself, but not overlap it otherwise
   * @returns `out`
   */
  chacha20Xor(key: Uint8Array, nonce: Uint8Array, counter: number, data: Uint8Array, out?: Uint8Array): Uint8Array

  /** ChaCha20-Poly1305 (RFC 8439 §2.8): encrypts `data` where it lies and writes the tag to `tag`. */
  aeadSealInPlace(key: Uint8Array, nonce: Uint8Array, data: Uint8Array, tag: Uint8Array, aad?: Uint8Array): void
  /** Decrypts `data` where it lies. @returns false, with `data` untouched, when the tag is wrong */
  aeadOpenInPlace(key: Uint8Array, nonce: Uint8Array, data: Uint8Array, tag: Uint8Array, aad?: Uint8Array): boolean
  /** As RFC 8439 lays it out. @returns `ciphertext ‖ tag`, in `options.out` if given (which may start where `plaintext` does) */
  aeadSeal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, options?: AeadOptions): Uint8Array
  /** @param sealed `ciphertext ‖ tag` @returns the plaintext, in `options.out` if given, or undefined when it is not authentic */
  aeadOpen(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, options?: AeadOptions): Uint8Array | undefined
}

export interface AeadOptions {
  /** Authenticated, not encrypted. Default: none. */
  readonly aad?: Uint8Array
  /** Where the result goes, of exactly its length. Default: a new array. */
  readonly out?: Uint8Array
}

const NO_AAD = /* @__PURE__ */ new Uint8Array(0)

/** Build a {@link CryptoEngine} on `primitives`: argument checks and everything derived, written once for all engines. */
export function completeEngine(primitives: CryptoPrimitives): CryptoEngine {
  const engine: Omit<CryptoEngine, 'aeadSeal' | 'aeadOpen'> = {
    name: primitives.name,
    nativeHashes: primitives.nativeHashes,

    sha256: data => primitives.sha256(data),
    sha256Stream: () => primitives.sha256Stream(),
    hmacSha256: (key, data) => primitives.hmacSha256(key, data),
    hkdfExtract: (salt, ikm) => primitives.hmacSha256(salt, ikm),
    hkdfExpand: (prk, info, length) => hkdfExpandWith(primitives.hmacSha256, prk, info, length),

    ed25519PublicKey: seed => primitives.ed25519PublicKey(exactly(seed, KEY_BYTES, 'Ed25519 seed')),
    ed25519Sign: (seed, message) => primitives.ed25519Sign(exactly(seed, KEY_BYTES, 'Ed25519 seed'), message),
    ed25519Verify: (publicKey, message, signature) =>
      publicKey.length === KEY_BYTES &&
      signature.length === SIGNATURE_BYTES &&
      primitives.ed25519Verify(publicKey, message, signature),

    x25519PublicKey: privateKey => primitives.x25519PublicKey(exactly(privateKey, KEY_BYTES, 'X25519 private key')),
    x25519KeyPair: random => {
      const privateKey = exactly(random(KEY_BYTES), KEY_BYTES, 'random bytes')
      return { privateKey, publicKey: primitives.x25519PublicKey(privateKey) }
    },
    x25519SharedSecret: (privateKey, publicKey) => {
      exactly(privateKey, KEY_BYTES, 'X25519 private key')
      if (publicKey.length !== KEY_BYTES)
        throw new CraftecError('protocol-violation', `X25519 public key: expected 32 bytes, got ${publicKey.length}`)
      return primitives.x25519SharedSecret(privateKey, publicKey)
    },

    chacha20Xor: (key, nonce, counter, data, out = new Uint8Array(data.length)) => {
      checkKeyAndNonce(key, nonce)
      exactly(out, data.length, 'out')
      // Past the end engines differ: one stops, one carries into the nonce. Neither is a ChaCha20 anyone should see.
      if (!Number.isInteger(counter) || counter < 0 || counter + data.length / CHACHA_BLOCK_BYTES > MAX_CHACHA_BLOCKS)
        throw new CraftecError('invalid-argument', `ChaCha20 counter ${counter}: the key stream has 2^32 - 1 blocks`)
      primitives.chacha20Xor(key, nonce, counter, data, out)
      return out
    },
    aeadSealInPlace: (key, nonce, data, tag, aad = NO_AAD) => {
      checkKeyAndNonce(key, nonce)
      primitives.aeadSealInPlace(key, nonce, data, exactly(tag, TAG_BYTES, 'tag'), aad)
    },
    aeadOpenInPlace: (key, nonce, data, tag, aad = NO_AAD) => {
      checkKeyAndNonce(key, nonce)
      return primitives.aeadOpenInPlace(key, nonce, data, exactly(tag, TAG_BYTES, 'tag'), aad)
    }
  }
  return { ...engine, ...combinedAead(engine) }
}

function checkKeyAndNonce(key: Uint8Array, nonce: Uint8Array): void {
  exactly(key, KEY_BYTES, 'ChaCha20 key')
  exactly(nonce, NONCE_BYTES, 'nonce')
}

function exactly(value: Uint8Array, length: number, what: string): Uint8Array {
  if (value.length !== length)
    throw new CraftecError('invalid-argument', `${what}: expected ${length} bytes, got ${value.length}`)
  return value
}
