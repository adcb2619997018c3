import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { CraftecError } from '../../errors/index.ts'
import type { Address } from '../address/index.ts'

/** What must outlive the page to go on spending from a channel. */
export interface SessionRecord {
  readonly channel: Address
  readonly keys: CryptoKeyPair
  /** Not below that of any voucher that may have left the page. */
  readonly seq: bigint
  /** Of the vouchers, as far as they were written down: a page that dies may be a few behind. */
  readonly amount: bigint
}

export interface SessionStore {
  get(channel: Address): Promise<SessionRecord | undefined>
  put(record: SessionRecord): Promise<void>
  remove(channel: Address): Promise<void>
  close(): void
}

interface SessionSchema extends DBSchema {
  sessions: { key: string; value: SessionRecord }
}

const SCHEMA_VERSION = 1

/** @param name of the database @throws CraftecError `storage-unavailable` */
export async function openSessionStore(name: string): Promise<SessionStore> {
  let database: IDBPDatabase<SessionSchema>
  try {
    database = await openDB<SessionSchema>(name, SCHEMA_VERSION, {
      upgrade: opened => void opened.createObjectStore('sessions', { keyPath: 'channel' })
    })
  } catch (cause) {
    throw new CraftecError('storage-unavailable', 'no IndexedDB here; a session would be lost with the page', { cause })
  }
  return {
    get: channel => database.get('sessions', channel),
    put: async record => {
      await database.put('sessions', record)
    },
    remove: channel => database.delete('sessions', channel),
    close: () => database.close()
  }
}

/** Sessions that end with the page: what is locked comes back by a forced close. */
export function memorySessionStore(): SessionStore {
  const records = new Map<Address, SessionRecord>()
  return {
    get: async channel => records.get(channel),
    put: async record => void records.set(record.channel, record),
    remove: async channel => void records.delete(channel),
    close: () => {}
  }
}
