import type { ICryptoInterface } from '@chainsafe/libp2p-noise'
import { systemRandom } from '../async/index.ts'
import { type CryptoEngine, cryptoEngine, TAG_BYTES } from '../crypto/index.ts'
import { CraftecError } from '../errors/index.ts'
import { isSealedInPlace } from './seal-in-place.ts'

/** Noise §4.3: HKDF with an empty info, three outputs of one hash each. */
const HKDF_BYTES = 96
const NO_INFO = /* @__PURE__ */ new Uint8Array(0)

/**
 * The cryptography of libp2p's Noise, done by the SDK's engine. What libp2p brings spends more on OpenSSL's set-up of
 * every message than on sealing it, and on noble in browsers. Figures: createP2pNode.
 * @param engine asked for at every call: it may get faster after the node started, when its WebAssembly is there
 */
export function noiseCrypto(engine: () => CryptoEngine = cryptoEngine): ICryptoInterface {
  return {
    hashSHA256: data => engine().sha256(data.subarray()),
    getHKDF: (chainingKey, inputKey) => {
      const output = engine().hkdfExpand(engine().hkdfExtract(chainingKey, inputKey), NO_INFO, HKDF_BYTES)
      return [output.subarray(0, 32), output.subarray(32, 64), output.subarray(64)]
    },
    generateX25519KeyPair: () => engine().x25519KeyPair(systemRandom),
    generateX25519KeyPairFromSeed: seed => ({ privateKey: seed, publicKey: engine().x25519PublicKey(seed) }),
    generateX25519SharedKey: (privateKey, publicKey) =>
      engine().x25519SharedSecret(privateKey.subarray(), publicKey.subarray()),

    chaCha20Poly1305Encrypt: (plaintext, nonce, aad, key) => {
      if (isSealedInPlace(plaintext)) {
        const { buffer, byteOffset, length } = plaintext
        engine().aeadSealInPlace(key, nonce, plaintext, new Uint8Array(buffer, byteOffset + length, TAG_BYTES), aad)
        return plaintext
      }
      const sealed = new Uint8Array(plaintext.byteLength + TAG_BYTES)
      let at = 0
      // a list is a multiplexer's header before its payload: gathered here, at the one copy that is made anyway
      for (const part of plaintext instanceof Uint8Array ? [plaintext] : plaintext) {
        sealed.set(part, at)
        at += part.length
      }
      engine().aeadSealInPlace(key, nonce, sealed.subarray(0, at), sealed.subarray(at), aad)
      return sealed
    },

    chaCha20Poly1305Decrypt: (ciphertext, nonce, aad, key, place) => {
      // libp2p gives `place`, over the ciphertext itself, when it needs that no more; a handshake still hashes it
      const sealed = place === undefined ? new Uint8Array(ciphertext.subarray()) : ciphertext.subarray()
      if (sealed.length < TAG_BYTES) throw new CraftecError('protocol-violation', 'a Noise message without its tag')
      const data = sealed.subarray(0, sealed.length - TAG_BYTES)
      if (!engine().aeadOpenInPlace(key, nonce, data, sealed.subarray(data.length), aad)) {
        throw new CraftecError('protocol-violation', 'a Noise message that is not authentic')
      }
      return data
    }
  }
}
