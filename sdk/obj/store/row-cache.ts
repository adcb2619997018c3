import type { IndexTable, StoreIndex } from './store-index.ts'

/** Some hundreds of segments: whoever reads one piece of a segment reads the others next. */
const MAX_CACHED_BYTES = 8 * 1024 * 1024
/** Rows that are read again and again. Manifests and pieces are large, and their readers keep them. */
const CACHED: ReadonlySet<IndexTable> = new Set(['content', 'segment', 'held', 'peer'])

/** `index` with the rows that were read last in memory. Right as long as nobody else writes: one owner has the store. */
export function withRowCache(index: StoreIndex, maxBytes = MAX_CACHED_BYTES): StoreIndex {
  const rows = new Map<string, Uint8Array>()
  let bytes = 0
  /** Commits that have begun or ended: a row read across one may be stale. */
  let generation = 0

  const forget = (name: string): void => {
    const row = rows.get(name)
    if (row === undefined) return
    rows.delete(name)
    bytes -= cost(name, row)
  }
  const keep = (name: string, row: Uint8Array): void => {
    forget(name)
    rows.set(name, row)
    bytes += cost(name, row)
    for (const oldest of rows.keys()) {
      if (bytes <= maxBytes) break
      forget(oldest)
    }
  }

  return {
    get: async (table, key) => {
      if (!CACHED.has(table)) return index.get(table, key)
      const name = `${table}/${key}`
      const known = rows.get(name)
      if (known !== undefined) {
        keep(name, known)
        return known
      }
      const before = generation
      const row = await index.get(table, key)
      if (row !== undefined && before === generation) keep(name, row)
      return row
    },
    range: (table, range) => index.range(table, range),
    commit: async changes => {
      generation++
      for (const { table, key } of changes) forget(`${table}/${key}`)
      await index.commit(changes)
      generation++
      for (const { table, key, value } of changes) {
        // What was read while the commit ran may be what was there before.
        forget(`${table}/${key}`)
        if (value !== undefined && CACHED.has(table)) keep(`${table}/${key}`, value)
      }
    },
    close: () => {
      rows.clear()
      bytes = 0
      return index.close()
    }
  }
}

function cost(name: string, row: Uint8Array): number {
  return row.length + name.length * 2 + 64
}
