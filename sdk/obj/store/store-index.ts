/**
 * What a store knows about its pieces, as rows of bytes under text keys. Engines: IndexedDB in browsers, SQLite in Node. Rows are
 * packed, one a segment: single records are twenty times slower in IndexedDB.
 */
export const INDEX_TABLES = [
  'content', // manifest id -> ContentRow
  'manifest', // manifest id -> the manifest
  'alias', // content id / manifest id -> nothing
  'segment', // manifest id / segment -> SegmentRow
  'held', // manifest id / 256 segments -> a u16 each
  'slots', // slot size / page -> one bit a slot
  'peer', // peer -> bytes kept for it
  'value', // the caller's small state
  'state', // the store's own
  'piece' // manifest id / segment / piece id -> data, where there are no slab files
] as const
export type IndexTable = (typeof INDEX_TABLES)[number]

export interface IndexRow {
  readonly key: string
  readonly value: Uint8Array
}

export interface IndexChange {
  readonly table: IndexTable
  readonly key: string
  /** undefined removes the row. */
  readonly value: Uint8Array | undefined
}

export interface RowRange {
  readonly prefix?: string
  readonly after?: string
  readonly limit: number
}

/** Methods reject with CraftecError `storage-full` or `storage-unavailable`. */
export interface StoreIndex {
  get(table: IndexTable, key: string): Promise<Uint8Array | undefined>
  /** In the order of keys; for keys of ASCII the same in every engine. */
  range(table: IndexTable, range: RowRange): Promise<IndexRow[]>
  /** All changes or none; on the disk when it resolves. When it rejects nothing was changed, unless the medium itself failed. */
  commit(changes: readonly IndexChange[]): Promise<void>
  close(): Promise<void>
}

/** Above every character that a key may have. */
const LAST_CHARACTER = '\u{10ffff}'

/** The bounds that a prefix means, for engines that compare whole keys: from (included) .. to (excluded). */
export function keyBounds({ prefix = '', after }: RowRange): { from: string; open: boolean; to: string } {
  const to = prefix + LAST_CHARACTER
  return after !== undefined && after >= prefix ? { from: after, open: true, to } : { from: prefix, open: false, to }
}
