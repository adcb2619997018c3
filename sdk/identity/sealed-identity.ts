/**
 * An Ed25519 seed under a key, version 1. The same bytes lie in the vault and in an export:
 *
 *     version u8 = 1 ‖ lock u8 (1 device key, 2 passphrase) ‖ public key B(32)
 *     ‖ lock 2 only: Argon2id memory KiB u32 ‖ passes u8 ‖ lanes u8 ‖ salt B(16)
 *     ‖ nonce B(12) ‖ box B(48) = AEAD(seed; associated data = "craftec-sealed-identity" ‖ everything before the nonce)
 *     ‖ checksum B(8) = SHA-256(everything before)[0..8]
 *
 * The checksum tells damage from a wrong passphrase, which the AEAD alone cannot; it protects against accidents, the AEAD
 * against people. AEAD: AES-256-GCM under a device key, ChaCha20-Poly1305 under a passphrase's.
 */
import { ByteReader, ByteWriter } from '../codec/index.ts'
import { constantTimeEqual, KEY_BYTES, NONCE_BYTES, sha256, TAG_BYTES } from '../crypto/index.ts'
import { CraftecError } from '../errors/index.ts'
import { type Argon2idParameters, areBearable, SALT_BYTES } from './passphrase-key.ts'

export type Lock =
  | { readonly kind: 'device' }
  | { readonly kind: 'passphrase'; readonly kdf: Argon2idParameters; readonly salt: Uint8Array }

export interface SealedIdentity {
  readonly publicKey: Uint8Array
  readonly lock: Lock
  readonly nonce: Uint8Array
  readonly box: Uint8Array
}

const VERSION = 1
const DEVICE = 1
const PASSPHRASE = 2
const BOX_BYTES = KEY_BYTES + TAG_BYTES
const CHECKSUM_BYTES = 8
/** With a passphrase: 34 + 22 + 12 + 48 + 8. */
export const MAX_SEALED_BYTES = 124

const LABEL = 'craftec-sealed-identity'

export function encodeSealedIdentity({ publicKey, lock, nonce, box }: SealedIdentity): Uint8Array<ArrayBuffer> {
  const body = header(publicKey, lock).bytes(nonce).bytes(box).finish()
  return new ByteWriter(MAX_SEALED_BYTES).bytes(body).bytes(checksum(body)).finish()
}

/** What the AEAD authenticates beside the seed: whose it is and how it is locked. */
export function associatedData(publicKey: Uint8Array, lock: Lock): Uint8Array<ArrayBuffer> {
  return new ByteWriter().bytes(new TextEncoder().encode(LABEL)).bytes(header(publicKey, lock).finish()).finish()
}

/** @throws CraftecError `vault-corrupt` for damaged bytes; `unsupported` for a later version */
export function decodeSealedIdentity(bytes: Uint8Array): SealedIdentity {
  if (
    bytes.length > CHECKSUM_BYTES &&
    !constantTimeEqual(bytes.subarray(-CHECKSUM_BYTES), checksum(bytes.subarray(0, -CHECKSUM_BYTES)))
  )
    throw corrupt()
  const reader = new ByteReader(bytes, 'sealed identity')
  try {
    const version = reader.u8()
    if (version !== VERSION)
      throw new CraftecError('unsupported', `sealed identity: version ${version} needs a later release of @craftec/web`)
    const kind = reader.u8()
    const publicKey = reader.bytes(KEY_BYTES).slice()
    const lock = readLock(kind, reader)
    const nonce = reader.bytes(NONCE_BYTES).slice()
    const box = reader.bytes(BOX_BYTES).slice()
    reader.bytes(CHECKSUM_BYTES)
    reader.end()
    return { publicKey, lock, nonce, box }
  } catch (cause) {
    throw cause instanceof CraftecError && cause.code === 'malformed' ? corrupt(cause) : cause
  }
}

function readLock(kind: number, reader: ByteReader): Lock {
  if (kind === DEVICE) return { kind: 'device' }
  if (kind !== PASSPHRASE) throw reader.malformed(`lock ${kind} does not exist`)
  const kdf = { memoryKiB: reader.u32(), passes: reader.u8(), lanes: reader.u8() }
  if (!areBearable(kdf)) throw reader.malformed('its key derivation would cost more than any of ours')
  return { kind: 'passphrase', kdf, salt: reader.bytes(SALT_BYTES).slice() }
}

function header(publicKey: Uint8Array, lock: Lock): ByteWriter {
  const writer = new ByteWriter(MAX_SEALED_BYTES).u8(VERSION)
  if (lock.kind === 'device') return writer.u8(DEVICE).bytes(publicKey)
  const { memoryKiB, passes, lanes } = lock.kdf
  return writer.u8(PASSPHRASE).bytes(publicKey).u32(memoryKiB).u8(passes).u8(lanes).bytes(lock.salt)
}

function checksum(body: Uint8Array): Uint8Array {
  return sha256(body).subarray(0, CHECKSUM_BYTES)
}

function corrupt(cause?: unknown): CraftecError {
  return new CraftecError(
    'vault-corrupt',
    'the sealed identity is damaged or incomplete; nothing was changed, restore it from an export',
    { cause }
  )
}
