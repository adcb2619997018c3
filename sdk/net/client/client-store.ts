import { type IDBPDatabase, openDB } from 'idb'
import { CraftecError } from '../../errors/index.ts'

/** Small values that should outlive the page: guards, and the signed descriptors of the last directory. */
export interface ClientStore {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<void>
  close(): void
}

const STORE = 'client'

/**
 * Keep values in IndexedDB.
 * @param name of the database
 * @throws CraftecError `storage-unavailable` where there is none, as in some private windows
 */
export async function openClientStore(name: string): Promise<ClientStore> {
  let database: IDBPDatabase
  try {
    database = await openDB(name, 1, { upgrade: opened => void opened.createObjectStore(STORE) })
  } catch (cause) {
    throw new CraftecError(
      'storage-unavailable',
      'no IndexedDB here; the client forgets its guards when the page closes',
      { cause }
    )
  }
  return {
    get: key => database.get(STORE, key),
    set: async (key, value) => {
      await database.put(STORE, value, key)
    },
    close: () => database.close()
  }
}

/** Values that live as long as the object. */
export function memoryClientStore(): ClientStore {
  const values = new Map<string, unknown>()
  return {
    get: async key => values.get(key),
    set: async (key, value) => void values.set(key, value),
    close: () => {}
  }
}
