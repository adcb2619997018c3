/** Identities at rest, each under the device's key or a passphrase. Storage is a parameter: see open-vault.ts for the real ones. */
import { type Clock, type RandomBytes, throwIfAborted } from '../async/index.ts'
import { decodeBase58, encodeBase58 } from '../codec/index.ts'
import { KEY_BYTES } from '../crypto/index.ts'
import { CraftecError } from '../errors/index.ts'
import { type Did, didFromPublicKey } from './did.ts'
import { type Identity, identityFromSeed } from './identity.ts'
import { lockSeed, unlockSeed } from './identity-lock.ts'
import type { Argon2idParameters } from './passphrase-key.ts'
import { decodeSealedIdentity, encodeSealedIdentity, MAX_SEALED_BYTES, type SealedIdentity } from './sealed-identity.ts'
import type { VaultRecord, VaultStore } from './vault-store.ts'

export interface VaultEntry {
  readonly did: Did
  readonly label: string
  readonly createdAt: Date
  /** `device`: opens on this device without being asked. `passphrase`: only with it. `damaged`: needs an export to come back. */
  readonly lock: 'device' | 'passphrase' | 'damaged'
}

export interface UnlockOptions {
  /** Needed when, and only when, the identity is locked by one. */
  readonly passphrase?: string
  readonly signal?: AbortSignal
}

export interface KeepOptions {
  /** Default: ''. At most 256 characters. */
  readonly label?: string
  /** Lock the identity by a passphrase. Default: by the device's key, which never leaves this browser profile. */
  readonly passphrase?: string
  readonly signal?: AbortSignal
}

/**
 * Every method may reject with CraftecError `storage-unavailable` | `storage-full` | `timeout` | `aborted`, and then nothing
 * has changed. Methods that take a DID reject with `invalid-argument` when the vault does not have it, with
 * `wrong-passphrase`, and with `vault-corrupt` when the record is damaged.
 */
export interface Vault {
  /** Make an identity and keep it. Resolves once it is stored durably. */
  create(options?: KeepOptions): Promise<Identity>
  open(did: Did, options?: UnlockOptions): Promise<Identity>
  /** Oldest first, damaged ones included. */
  list(): Promise<VaultEntry[]>
  /** Forget an identity for good; without an export it is lost. Unknown ones are no error. */
  remove(did: Did): Promise<void>
  /** @param options.next the new passphrase; undefined goes back to the device's key */
  changePassphrase(did: Did, options: UnlockOptions & { readonly next: string | undefined }): Promise<void>
  /** @returns text to keep elsewhere: `craftec-identity-1:…`, readable only with `exportPassphrase` */
  export(did: Did, options: UnlockOptions & { readonly exportPassphrase: string }): Promise<string>
  /** @throws CraftecError `vault-corrupt` for damaged text, `invalid-argument` when the identity is in the vault already */
  import(text: string, options: KeepOptions & { readonly exportPassphrase: string }): Promise<Identity>
  /** End the connection to the storage. Open identities keep working. */
  close(): void
}

const EXPORT_PREFIX = 'craftec-identity-1:'
/** Base58 takes 1.37 characters a byte. */
const MAX_EXPORT_CHARS = Math.ceil(MAX_SEALED_BYTES * 1.37)
const MAX_LABEL_CHARS = 256

export interface VaultParts {
  readonly store: VaultStore
  readonly random: RandomBytes
  readonly clock: Clock
  /** What a passphrase costs to try. Default: `DEFAULT_ARGON2ID`. */
  readonly kdf?: Argon2idParameters
}

export function createVault({ store, random, clock, kdf }: VaultParts): Vault {
  const keep = async (seed: Uint8Array, { label = '', passphrase, signal }: KeepOptions): Promise<Identity> => {
    if (label.length > MAX_LABEL_CHARS)
      throw new CraftecError('invalid-argument', `label: at most ${MAX_LABEL_CHARS} characters, got ${label.length}`)
    const identity = identityFromSeed(seed)
    const sealed = await lockSeed(seed, passphrase ?? (await store.deviceCipher()), { random, signal, kdf })
    throwIfAborted(signal, 'keeping an identity')
    const { did } = identity
    if (!(await store.add({ did, label, createdAt: clock.now(), sealed: encodeSealedIdentity(sealed) })))
      throw new CraftecError('invalid-argument', `${did} is in this vault already; it was not touched`)
    return identity
  }

  const unlocked = async <T>(
    did: Did,
    { passphrase, signal }: UnlockOptions,
    use: (seed: Uint8Array, record: VaultRecord) => T | Promise<T>
  ): Promise<T> => {
    const record = await store.get(did)
    if (record === undefined)
      throw new CraftecError('invalid-argument', `${did} is not in this vault; list() tells which are`)
    const sealed = decodeRecord(record)
    const seed = await unlockSeed(sealed, { passphrase, device: () => store.deviceCipher() }, signal)
    try {
      return await use(seed, record)
    } finally {
      seed.fill(0)
    }
  }

  return {
    create: async (options = {}) => {
      const seed = random(KEY_BYTES)
      try {
        return await keep(seed, options)
      } finally {
        seed.fill(0)
      }
    },

    open: (did, options = {}) => unlocked(did, options, seed => identityFromSeed(seed)),

    list: async () => {
      const records = await store.all()
      return records.sort((a, b) => a.createdAt - b.createdAt).map(entryOf)
    },

    remove: did => store.remove(did),

    changePassphrase: (did, options) =>
      unlocked(did, options, async (seed, record) => {
        const sealed = await lockSeed(seed, options.next ?? (await store.deviceCipher()), {
          random,
          signal: options.signal,
          kdf
        })
        throwIfAborted(options.signal, 'changing a passphrase')
        if (!(await store.replace({ ...record, sealed: encodeSealedIdentity(sealed) }, record.sealed)))
          throw new CraftecError('invalid-argument', `${did} was changed or removed elsewhere meanwhile; open it again`)
      }),

    export: (did, options) =>
      unlocked(did, options, async seed => {
        const sealed = await lockSeed(seed, options.exportPassphrase, { random, signal: options.signal, kdf })
        return EXPORT_PREFIX + encodeBase58(encodeSealedIdentity(sealed))
      }),

    import: async (text, options) => {
      const sealed = decodeExport(text)
      const seed = await unlockSeed(
        sealed,
        { passphrase: options.exportPassphrase, device: noDeviceKey },
        options.signal
      )
      try {
        return await keep(seed, options)
      } finally {
        seed.fill(0)
      }
    },

    close: () => store.close()
  }
}

function entryOf(record: VaultRecord): VaultEntry {
  const { did, label, createdAt } = record
  return { did, label, createdAt: new Date(createdAt), lock: lockOf(record) }
}

function lockOf(record: VaultRecord): VaultEntry['lock'] {
  try {
    return decodeRecord(record).lock.kind
  } catch {
    return 'damaged'
  }
}

/** @throws CraftecError `vault-corrupt`, also when the box of one identity lies under the name of another */
function decodeRecord({ did, sealed: bytes }: VaultRecord): SealedIdentity {
  const sealed = decodeSealedIdentity(bytes instanceof Uint8Array ? bytes : new Uint8Array(0))
  if (didFromPublicKey(sealed.publicKey) !== did)
    throw new CraftecError('vault-corrupt', `what is stored as ${did} is another identity; restore it from an export`)
  return sealed
}

function decodeExport(text: string): SealedIdentity {
  const trimmed = text.trim()
  if (!trimmed.startsWith(EXPORT_PREFIX))
    throw new CraftecError('vault-corrupt', `an exported identity starts with ${EXPORT_PREFIX}`)
  try {
    return decodeSealedIdentity(decodeBase58(trimmed.slice(EXPORT_PREFIX.length), MAX_EXPORT_CHARS))
  } catch (cause) {
    if (cause instanceof CraftecError && cause.code !== 'malformed') throw cause
    throw new CraftecError('vault-corrupt', 'the exported identity is damaged or incomplete', { cause })
  }
}

async function noDeviceKey(): Promise<never> {
  throw new CraftecError('vault-corrupt', 'an export is locked by a passphrase; this one names a device key')
}
