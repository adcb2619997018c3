import { type IDBPDatabase, openDB } from 'idb'
import { type Clock, withDeadline } from '../../../async/index.ts'
import { CraftecError } from '../../../errors/index.ts'
import { INDEX_TABLES, keyBounds, type StoreIndex } from '../store-index.ts'
import { browserStorageError } from './browser-storage-error.ts'

/** Raised when tables are added or rows change shape; `upgrade` then brings older databases along. */
const SCHEMA_VERSION = 1
/** A commit takes milliseconds, one of a whole segment some ten; this is for a browser that never answers. */
const TIMEOUT_MS = 30_000
/** Slots are written again once the index says that they are free: it must not forget that it said so. */
const DURABLE = { durability: 'strict' } as const

/**
 * The index in IndexedDB.
 * @throws CraftecError `storage-unavailable` where there is none, or a later release has written it
 */
export async function openIndexedDbIndex(name: string, clock: Clock): Promise<StoreIndex> {
  let lost = false
  const run = <T>(what: string, task: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    withDeadline({ what, timeoutMs: TIMEOUT_MS, clock }, async signal => {
      if (lost)
        throw new CraftecError(
          'storage-unavailable',
          'the browser has closed the database: site data was cleared, or another release upgrades it. Open the store again'
        )
      try {
        return await task(signal)
      } catch (error) {
        throw browserStorageError(error)
      }
    })
  const database = await run('opening the index', () =>
    open(name, () => {
      lost = true
    })
  )
  return {
    get: (table, key) => run('reading the index', () => database.get(table, key)),

    range: (table, range) =>
      run('reading the index', async () => {
        const { from, open, to } = keyBounds(range)
        if (from >= to) return []
        const bounds = IDBKeyRange.bound(from, to, open, true)
        const limit = Math.min(range.limit, 0xffff_ffff)
        const { store } = database.transaction(table)
        const [keys, values] = await Promise.all([store.getAllKeys(bounds, limit), store.getAll(bounds, limit)])
        return keys.map((key, row) => ({ key, value: values[row] ?? new Uint8Array(0) }))
      }),

    commit: changes =>
      run('writing the index', async signal => {
        if (changes.length === 0) return
        const tables = [...new Set(changes.map(({ table }) => table))]
        const transaction = database.transaction(tables, 'readwrite', DURABLE)
        const abort = (): void => transaction.abort()
        signal.addEventListener('abort', abort)
        try {
          const requests = changes.map(({ table, key, value }) => {
            const store = transaction.objectStore(table)
            return value === undefined ? store.delete(key) : store.put(whole(value), key)
          })
          // Else it waits until this thread has heard of every request, and this thread writes bytes meanwhile.
          transaction.commit()
          // All at once: when a request fails, `done` rejects too.
          await Promise.all([...requests, transaction.done])
        } finally {
          signal.removeEventListener('abort', abort)
        }
      }),

    close: async () => database.close()
  }
}

/** Storing a view would store all of the buffer behind it; a view of shared memory cannot be stored at all. */
function whole(value: Uint8Array): Uint8Array {
  const { buffer, byteLength } = value
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? value : value.slice()
}

type Schema = Record<(typeof INDEX_TABLES)[number], { key: string; value: Uint8Array }>

function open(name: string, onLost: () => void): Promise<IDBPDatabase<Schema>> {
  if (globalThis.indexedDB === undefined)
    throw new CraftecError('storage-unavailable', 'this environment has no IndexedDB; use a store in memory')
  return openDB<Schema>(name, SCHEMA_VERSION, {
    upgrade: (database, oldVersion) => {
      if (oldVersion < 1) for (const table of INDEX_TABLES) database.createObjectStore(table)
    },
    // A later release in another tab wants to upgrade: step aside.
    blocking: (_, __, event) => {
      onLost()
      ;(event.target as IDBDatabase).close()
    },
    terminated: onLost
  })
}
