import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { CraftecError } from '../../sdk/errors/index.ts'
import { INDEX_TABLES, type IndexChange, type IndexTable, keyBounds, type StoreIndex } from '../../sdk/obj/index.ts'

/** Raised with a migration: `migrations[n]` brings version n to n + 1. */
const migrations: readonly string[] = [
  INDEX_TABLES.map(table => `CREATE TABLE "${table}" (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;`).join(
    ''
  )
]
/** SQLite's own codes (https://sqlite.org/rescode.html). */
const [SQLITE_BUSY, SQLITE_FULL] = [5, 13]

interface Statements {
  readonly get: StatementSync
  readonly from: StatementSync
  readonly after: StatementSync
  readonly put: StatementSync
  readonly remove: StatementSync
}

/**
 * The index in one SQLite file. Its write-ahead log is synced at each commit, and the file is locked as long as it is open: a second
 * process is told so.
 * @throws CraftecError `storage-unavailable` when the file cannot be opened, is in use, or comes from a later release
 */
export function openSqliteIndex(path: string): StoreIndex {
  return indexOf(attempt('opening the index', () => open(path)))
}

/**
 * The same index for a look: nothing is written, nor recovered.
 * @throws CraftecError `storage-unavailable` when the file is not there, is in use, or comes from a later release
 */
export function readSqliteIndex(path: string): Pick<StoreIndex, 'get' | 'range' | 'close'> {
  return indexOf(attempt('opening the index', () => openForReading(path)))
}

function indexOf(database: DatabaseSync): StoreIndex {
  const statements = new Map<IndexTable, Statements>(INDEX_TABLES.map(table => [table, prepare(database, table)]))
  const of = (table: IndexTable): Statements => {
    const found = statements.get(table)
    if (found === undefined) throw new CraftecError('internal', `no table ${table}`)
    return found
  }
  return {
    get: async (table, key) => attempt('reading the index', () => bytesOf(of(table).get.get(key)?.value)),
    range: async (table, range) => {
      const { from, open, to } = keyBounds(range)
      const statement = open ? of(table).after : of(table).from
      return attempt('reading the index', () =>
        statement
          .all(from, to, Math.min(range.limit, Number.MAX_SAFE_INTEGER))
          .map(({ key, value }) => ({ key: String(key), value: bytesOf(value) ?? new Uint8Array(0) }))
      )
    },
    commit: async changes => attempt('writing the index', () => commit(database, of, changes)),
    close: async () => {
      if (database.isOpen) database.close()
    }
  }
}

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  return orClose(database, () => {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
    const version = knownVersion(database)
    // Also what takes the lock: without a write it would be taken at the first put.
    database.exec(
      `BEGIN IMMEDIATE; ${migrations.slice(version).join('')} PRAGMA user_version = ${migrations.length}; COMMIT;`
    )
  })
}

function openForReading(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true })
  return orClose(database, () => knownVersion(database))
}

function orClose(database: DatabaseSync, prepare: () => unknown): DatabaseSync {
  try {
    prepare()
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function knownVersion(database: DatabaseSync): number {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version)
  if (version > migrations.length)
    throw new CraftecError(
      'storage-unavailable',
      'a later release has written this store; upgrade, or use another folder'
    )
  return version
}

function prepare(database: DatabaseSync, table: IndexTable): Statements {
  const range = (operator: string): StatementSync =>
    database.prepare(`SELECT key, value FROM "${table}" WHERE key ${operator} ? AND key < ? ORDER BY key LIMIT ?`)
  return {
    get: database.prepare(`SELECT value FROM "${table}" WHERE key = ?`),
    from: range('>='),
    after: range('>'),
    put: database.prepare(
      `INSERT INTO "${table}" (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`
    ),
    remove: database.prepare(`DELETE FROM "${table}" WHERE key = ?`)
  }
}

function commit(database: DatabaseSync, of: (table: IndexTable) => Statements, changes: readonly IndexChange[]): void {
  database.exec('BEGIN')
  try {
    for (const { table, key, value } of changes)
      if (value === undefined) of(table).remove.run(key)
      else of(table).put.run(key, value)
    database.exec('COMMIT')
  } catch (error) {
    // SQLite has rolled back by itself after some errors.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function bytesOf(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined
}

function attempt<T>(what: string, task: () => T): T {
  try {
    return task()
  } catch (error) {
    if (error instanceof CraftecError) throw error
    const code = (error as { errcode?: number }).errcode
    if (code !== undefined && (code & 0xff) === SQLITE_FULL)
      throw new CraftecError('storage-full', 'the disk is full; nothing was changed', { cause: error })
    const why =
      code !== undefined && (code & 0xff) === SQLITE_BUSY
        ? 'another process uses this store; stop it, or use another folder'
        : `${what} failed`
    throw new CraftecError('storage-unavailable', why, { cause: error })
  }
}
