import { type RandomBytes, systemRandom } from '../async/index.ts'
import { type CryptoEngine, cryptoEngine, KEY_BYTES } from '../crypto/index.ts'
import { type Did, didFromPublicKey } from './did.ts'
import { type PeerId, peerIdFromPublicKey } from './peer-id.ts'

/** Someone who can sign. The secret is nowhere in the object, so that logging or cloning one gives nothing away. */
export interface Identity {
  /** 32-byte Ed25519 public key; `did` and `peerId` are spellings of it. */
  readonly publicKey: Uint8Array
  readonly did: Did
  readonly peerId: PeerId
  /** @returns the 64-byte Ed25519 signature. Whoever calls puts a label in front, so that no message means two things */
  sign(message: Uint8Array): Promise<Uint8Array>
}

/**
 * @param seed 32-byte Ed25519 secret (RFC 8032 §5.1.5); copied
 * @throws CraftecError `invalid-argument` for another length
 * @example
 * import { identityFromSeed } from '@craftec/web/identity'
 * const identity = identityFromSeed(crypto.getRandomValues(new Uint8Array(32)))
 * const signature = await identity.sign(new TextEncoder().encode('my-app/hello/1'))
 */
export function identityFromSeed(seed: Uint8Array, engine: CryptoEngine = cryptoEngine()): Identity {
  const secret = seed.slice()
  const publicKey = engine.ed25519PublicKey(secret)
  return {
    publicKey,
    did: didFromPublicKey(publicKey),
    peerId: peerIdFromPublicKey(publicKey),
    sign: async message => engine.ed25519Sign(secret, message)
  }
}

/** A fresh identity that lives as long as the object. For one that outlives the page see `openVault`. */
export function createIdentity(random: RandomBytes = systemRandom): Identity {
  return identityFromSeed(random(KEY_BYTES))
}
