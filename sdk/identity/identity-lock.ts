/** Locks and unlocks seeds: device key or passphrase, one result type. */
import type { RandomBytes } from '../async/index.ts'
import { constantTimeEqual, cryptoEngine, NONCE_BYTES } from '../crypto/index.ts'
import { CraftecError } from '../errors/index.ts'
import { type Argon2idParameters, DEFAULT_ARGON2ID, keyFromPassphrase, SALT_BYTES } from './passphrase-key.ts'
import { associatedData, type Lock, type SealedIdentity } from './sealed-identity.ts'

/** A key of this device that nobody can read, only use. */
export interface DeviceCipher {
  /** @returns ciphertext and 16-byte tag */
  seal(nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Promise<Uint8Array>
  /** @returns undefined when it is not authentic */
  open(nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Promise<Uint8Array | undefined>
}

export interface LockOptions {
  readonly random: RandomBytes
  readonly signal?: AbortSignal | undefined
  readonly kdf?: Argon2idParameters | undefined
}

/** @param key a passphrase, or the device's cipher @throws CraftecError as `keyFromPassphrase` */
export async function lockSeed(
  seed: Uint8Array,
  key: string | DeviceCipher,
  { random, signal, kdf = DEFAULT_ARGON2ID }: LockOptions
): Promise<SealedIdentity> {
  const engine = cryptoEngine()
  const publicKey = engine.ed25519PublicKey(seed)
  const nonce = random(NONCE_BYTES)
  if (typeof key !== 'string') {
    const lock: Lock = { kind: 'device' }
    return { publicKey, lock, nonce, box: await key.seal(nonce, seed, associatedData(publicKey, lock)) }
  }
  const lock: Lock = { kind: 'passphrase', kdf, salt: random(SALT_BYTES) }
  const secret = await keyFromPassphrase(key, lock.salt, kdf, signal)
  const box = engine.aeadSeal(secret, nonce, seed, { aad: associatedData(publicKey, lock) })
  return { publicKey, lock, nonce, box }
}

/**
 * @param key where to get the key from; only what the lock needs is asked for
 * @returns the 32-byte seed; the caller wipes it
 * @throws CraftecError `wrong-passphrase` when it is missing or wrong; `vault-corrupt` when the device's key does not open
 * the box, or what is in it is another identity
 */
export async function unlockSeed(
  sealed: SealedIdentity,
  key: { readonly passphrase?: string | undefined; readonly device: () => Promise<DeviceCipher> },
  signal?: AbortSignal
): Promise<Uint8Array> {
  const seed =
    sealed.lock.kind === 'device'
      ? await byDevice(sealed, await key.device())
      : await byPassphrase(sealed, sealed.lock, key.passphrase, signal)
  if (!constantTimeEqual(cryptoEngine().ed25519PublicKey(seed), sealed.publicKey))
    throw new CraftecError(
      'vault-corrupt',
      'the sealed seed is not the one of this identity; restore it from an export'
    )
  return seed
}

async function byDevice({ publicKey, lock, nonce, box }: SealedIdentity, cipher: DeviceCipher): Promise<Uint8Array> {
  const seed = await cipher.open(nonce, box, associatedData(publicKey, lock))
  if (seed === undefined)
    throw new CraftecError(
      'vault-corrupt',
      'the key of this device does not open the identity; restore it from an export'
    )
  return seed
}

async function byPassphrase(
  { publicKey, nonce, box }: SealedIdentity,
  lock: Extract<Lock, { kind: 'passphrase' }>,
  passphrase: string | undefined,
  signal: AbortSignal | undefined
): Promise<Uint8Array> {
  if (passphrase === undefined)
    throw new CraftecError('wrong-passphrase', 'this identity is locked by a passphrase; pass it as `passphrase`')
  const secret = await keyFromPassphrase(passphrase, lock.salt, lock.kdf, signal)
  const seed = cryptoEngine().aeadOpen(secret, nonce, box, { aad: associatedData(publicKey, lock) })
  if (seed === undefined) throw new CraftecError('wrong-passphrase', 'the passphrase does not open this identity')
  return seed
}
