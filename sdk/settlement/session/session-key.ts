import { CraftecError } from '../../errors/index.ts'
import { type Address, addressFromBytes } from '../address/index.ts'

/** Signs vouchers without asking anybody. The key cannot leave the browser, not even for a script that runs in the page. */
export interface SessionKey {
  readonly address: Address
  /** Structured clone takes it to IndexedDB; nothing exports the private half. */
  readonly keys: CryptoKeyPair
  /** @returns 64 bytes */
  sign(message: Uint8Array): Promise<Uint8Array>
  /** Whether this key made the signature. */
  verify(message: Uint8Array, signature: Uint8Array): Promise<boolean>
}

const ALGORITHM = 'Ed25519'

/** @throws CraftecError `unsupported` where WebCrypto has no Ed25519 */
export async function createSessionKey(): Promise<SessionKey> {
  let keys: CryptoKeyPair
  try {
    keys = (await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify'])) as CryptoKeyPair
  } catch (cause) {
    throw new CraftecError('unsupported', 'this browser cannot make a session key (WebCrypto Ed25519); update it', {
      cause
    })
  }
  return sessionKeyFrom(keys)
}

/** A key that was kept. @throws CraftecError `unsupported` */
export async function sessionKeyFrom(keys: CryptoKeyPair): Promise<SessionKey> {
  const raw = await crypto.subtle.exportKey('raw', keys.publicKey)
  return {
    address: addressFromBytes(new Uint8Array(raw)),
    keys,
    sign: async message =>
      new Uint8Array(await crypto.subtle.sign(ALGORITHM, keys.privateKey, message as Uint8Array<ArrayBuffer>)),
    verify: (message, signature) =>
      crypto.subtle.verify(
        ALGORITHM,
        keys.publicKey,
        signature as Uint8Array<ArrayBuffer>,
        message as Uint8Array<ArrayBuffer>
      )
  }
}
