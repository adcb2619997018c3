/** The vault in IndexedDB: records in one store, the device's non-extractable key in another. */
import { type DBSchema, type IDBPDatabase, type IDBPObjectStore, openDB, type StoreNames } from 'idb'
import { type Clock, withDeadline } from '../async/index.ts'
import { constantTimeEqual } from '../crypto/index.ts'
import { CraftecError } from '../errors/index.ts'
import type { DeviceCipher } from './identity-lock.ts'
import type { VaultRecord, VaultStore } from './vault-store.ts'

interface VaultSchema extends DBSchema {
  identities: { key: string; value: VaultRecord }
  keys: { key: string; value: CryptoKey }
}
type Database = IDBPDatabase<VaultSchema>

/** Raised when a store is added or a record changes shape; `upgrade` then brings older databases along. */
const SCHEMA_VERSION = 1
const DEVICE_KEY = 'device'
/** Local transactions take milliseconds; this is for a browser that never answers, or another tab that blocks an upgrade. */
const TIMEOUT_MS = 10_000
/** `strict`: on the disk, not only in the system's cache, when the promise resolves. A key is written once and never again. */
const DURABLE = { durability: 'strict' } as const

export interface IndexedDbVaultOptions {
  /** The database's name. */
  readonly name: string
  readonly clock: Clock
}

/**
 * @throws CraftecError `storage-unavailable` where there is no IndexedDB or the browser refuses it (some private windows,
 * blocked site data, a database that a later release wrote)
 */
export async function indexedDbVaultStore({ name, clock }: IndexedDbVaultOptions): Promise<VaultStore> {
  let connection: Promise<Database> | undefined
  let closed = false

  const connect = (): Promise<Database> => {
    if (closed) throw new CraftecError('stopped', 'the vault is closed; open it again')
    connection ??= openDatabase(name, () => {
      connection = undefined
    }).catch((error: unknown) => {
      connection = undefined
      throw error
    })
    return connection
  }
  const run = <T>(what: string, task: (database: Database, signal: AbortSignal) => Promise<T>): Promise<T> =>
    withDeadline({ what, timeoutMs: TIMEOUT_MS, clock }, async signal => {
      try {
        return await task(await connect(), signal)
      } catch (error) {
        throw storageError(error)
      }
    })

  await run('opening the vault', async () => {})
  return {
    all: () => run('listing the vault', database => database.getAll('identities')),

    get: did => run('reading the vault', database => database.get('identities', did)),

    add: record =>
      run('writing to the vault', (database, signal) =>
        write(database, 'identities', signal, async store => {
          if ((await store.getKey(record.did)) !== undefined) return false
          await store.put(record, record.did)
          return true
        })
      ),

    replace: (record, previous) =>
      run('writing to the vault', (database, signal) =>
        write(database, 'identities', signal, async store => {
          const current = await store.get(record.did)
          if (current === undefined || !constantTimeEqual(current.sealed, previous)) return false
          await store.put(record, record.did)
          return true
        })
      ),

    remove: did =>
      run('removing from the vault', (database, signal) =>
        write(database, 'identities', signal, store => store.delete(did))
      ),

    deviceCipher: async () => {
      const { subtle } = globalThis.crypto
      if (subtle === undefined)
        throw new CraftecError(
          'unsupported',
          'a key of this device needs WebCrypto, which browsers give to https pages only; use https, or a passphrase'
        )
      return run('reading the device key', async (database, signal) =>
        aesGcm(subtle, await deviceKey(subtle, database, signal))
      )
    },

    close: () => {
      closed = true
      connection?.then(
        database => database.close(),
        () => {}
      )
      connection = undefined
    }
  }
}

function openDatabase(name: string, onLost: () => void): Promise<Database> {
  if (globalThis.indexedDB === undefined) throw unavailable('this environment has no IndexedDB')
  return openDB<VaultSchema>(name, SCHEMA_VERSION, {
    upgrade: (database, oldVersion) => {
      if (oldVersion < 1) {
        database.createObjectStore('identities')
        database.createObjectStore('keys')
      }
    },
    // A later release in another tab wants to upgrade: step aside; the next call reconnects or learns that it is too old.
    blocking: (_, __, event) => {
      onLost()
      ;(event.target as IDBDatabase).close()
    },
    terminated: onLost
  })
}

/** One transaction: all of `change` or nothing, also when the deadline passes first. */
async function write<Name extends StoreNames<VaultSchema>, T>(
  database: Database,
  name: Name,
  signal: AbortSignal,
  change: (store: IDBPObjectStore<VaultSchema, [Name], Name, 'readwrite'>) => Promise<T>
): Promise<T> {
  const transaction = database.transaction(name, 'readwrite', DURABLE)
  const abort = (): void => transaction.abort()
  signal.addEventListener('abort', abort)
  try {
    // Both at once: when a request fails, `done` rejects too.
    const [result] = await Promise.all([change(transaction.store), transaction.done])
    return result
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

async function deviceKey(subtle: SubtleCrypto, database: Database, signal: AbortSignal): Promise<CryptoKey> {
  const existing = await database.get('keys', DEVICE_KEY)
  if (existing !== undefined) return existing
  // Made before the transaction: one that waits for anything else commits by itself.
  const fresh = await subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  return write(database, 'keys', signal, async store => {
    // Another tab may have been faster; then its key is the device's.
    const first = await store.get(DEVICE_KEY)
    if (first === undefined) await store.put(fresh, DEVICE_KEY)
    return first ?? fresh
  })
}

function aesGcm(subtle: SubtleCrypto, key: CryptoKey): DeviceCipher {
  const parameters = (iv: Uint8Array, additionalData: Uint8Array): AesGcmParams => ({
    name: 'AES-GCM',
    iv: iv.slice(),
    additionalData: additionalData.slice()
  })
  return {
    seal: async (nonce, plaintext, aad) =>
      new Uint8Array(await subtle.encrypt(parameters(nonce, aad), key, plaintext.slice())),
    open: async (nonce, sealed, aad) => {
      try {
        return new Uint8Array(await subtle.decrypt(parameters(nonce, aad), key, sealed.slice()))
      } catch (error) {
        // WebCrypto's one answer to a wrong tag; anything else is not about the data.
        if ((error as DOMException).name === 'OperationError') return undefined
        throw error
      }
    }
  }
}

function storageError(error: unknown): CraftecError {
  if (error instanceof CraftecError) return error
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) }
  if (name === 'QuotaExceededError')
    return new CraftecError(
      'storage-full',
      'the browser has no room left for this site; nothing was changed. Free some space, or ask for more with navigator.storage.persist()',
      { cause: error }
    )
  if (name === 'VersionError')
    return unavailable('a later release of this site has changed the vault; reload the page', error)
  return unavailable(`IndexedDB failed (${name}: ${message})`, error)
}

function unavailable(why: string, cause?: unknown): CraftecError {
  return new CraftecError(
    'storage-unavailable',
    `${why}. In a private window, or where site data is blocked, use memoryVault() and export what must survive the page`,
    { cause }
  )
}
