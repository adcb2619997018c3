import { CraftecError } from '../../sdk/errors/index.ts'
import {
  type IndexChange,
  type IndexTable,
  keyBounds,
  type SlabFile,
  type SlabFolder,
  type StoreIndex
} from '../../sdk/obj/index.ts'

type Random = () => number

/** What happened to a file since it was flushed. */
type Pending = { readonly at: number; readonly bytes: Uint8Array } | { readonly truncateTo: number }

interface File {
  /** What the running system sees. */
  seen: Uint8Array
  flushed: Uint8Array
  pending: Pending[]
}

/**
 * A disk that can lose power before any operation. A commit of the index is atomic and durable; of writes to files that were not
 * flushed some arrive, some do not, and some arrive in part.
 */
export class CrashDisk {
  #tables = new Map<IndexTable, Map<string, Uint8Array>>()
  #files = new Map<string, File>()
  /** Power fails at this operation; 0: never. */
  #failAt = 0
  #operations = 0
  #down = false
  /** Bytes that all files together may have. */
  capacityBytes = Number.POSITIVE_INFINITY

  /** Operations since the last {@link restart}. */
  get operations(): number {
    return this.#operations
  }

  get isDown(): boolean {
    return this.#down
  }

  /** Let power fail before the `count`-th operation from now, or in the middle of it. */
  failAfter(count: number): void {
    this.#failAt = this.#operations + count
  }

  /** Power is back: what was not flushed has suffered. */
  restart(random: Random): void {
    for (const file of this.#files.values()) {
      let content = file.flushed
      for (const pending of file.pending) {
        const fate = random()
        if (fate < 0.3) continue
        if ('truncateTo' in pending) content = content.slice(0, Math.min(content.length, pending.truncateTo))
        else {
          const length = fate < 0.6 ? Math.floor(random() * pending.bytes.length) : pending.bytes.length
          content = written(content, pending.bytes.subarray(0, length), pending.at)
        }
      }
      file.flushed = content
      file.seen = content
      file.pending = []
    }
    this.#failAt = 0
    this.#operations = 0
    this.#down = false
  }

  /** Bytes that rot, or a flush that was a lie. */
  damage(name: string, change: (content: Uint8Array) => Uint8Array): void {
    const file = this.#files.get(name)
    if (file === undefined) throw new Error(`no file ${name}`)
    file.seen = change(file.seen.slice())
    file.flushed = file.seen
    file.pending = []
  }

  fileBytes(name: string): number {
    return this.#files.get(name)?.seen.length ?? 0
  }

  index(): StoreIndex {
    return {
      get: async (table, key) => {
        this.#step()
        return this.#table(table).get(key)?.slice()
      },
      range: async (table, range) => {
        this.#step()
        const { from, open, to } = keyBounds(range)
        return [...this.#table(table)]
          .filter(([key]) => (open ? key > from : key >= from) && key < to)
          .sort(([left], [right]) => (left < right ? -1 : 1))
          .slice(0, range.limit)
          .map(([key, value]) => ({ key, value: value.slice() }))
      },
      commit: async changes => {
        // A failure on the way leaves all of it or nothing; here it is all of it, at the next step nothing.
        const failsAfterwards = this.#operations + 1 === this.#failAt && this.#operations % 2 === 0
        if (failsAfterwards) this.#apply(changes)
        this.#step()
        this.#apply(changes)
      },
      close: async () => {}
    }
  }

  folder(): SlabFolder {
    return {
      names: async () => {
        this.#step()
        return [...this.#files.keys()]
      },
      open: async name => {
        this.#step()
        let file = this.#files.get(name)
        if (file === undefined) {
          file = { seen: new Uint8Array(0), flushed: new Uint8Array(0), pending: [] }
          this.#files.set(name, file)
        }
        return this.#handle(file)
      },
      remove: async name => {
        this.#step()
        this.#files.delete(name)
      }
    }
  }

  #handle(file: File): SlabFile {
    const apply = (pending: Pending): void => {
      file.pending.push(pending)
      file.seen =
        'truncateTo' in pending ? file.seen.slice(0, pending.truncateTo) : written(file.seen, pending.bytes, pending.at)
    }
    return {
      sizeBytes: async () => {
        this.#step()
        return file.seen.length
      },
      read: async (into, at) => {
        this.#step()
        const bytes = file.seen.subarray(at, at + into.length)
        into.set(bytes)
        return bytes.length
      },
      write: async (bytes, at) => {
        // In the middle of a write: it is under way when power fails.
        if (this.#operations + 1 === this.#failAt) apply({ at, bytes: bytes.slice() })
        this.#step()
        const others = [...this.#files.values()].reduce((sum, other) => sum + other.seen.length, -file.seen.length)
        const room = this.capacityBytes - others - at
        apply({ at, bytes: bytes.slice(0, Math.max(0, room)) })
        if (bytes.length > room) throw new CraftecError('storage-full', 'the disk is full')
      },
      flush: async () => {
        this.#step()
        file.flushed = file.seen
        file.pending = []
      },
      truncate: async size => {
        this.#step()
        apply({ truncateTo: size })
      },
      close: async () => {}
    }
  }

  #table(table: IndexTable): Map<string, Uint8Array> {
    let rows = this.#tables.get(table)
    if (rows === undefined) {
      rows = new Map()
      this.#tables.set(table, rows)
    }
    return rows
  }

  #apply(changes: readonly IndexChange[]): void {
    for (const { table, key, value } of changes)
      if (value === undefined) this.#table(table).delete(key)
      else this.#table(table).set(key, value.slice())
  }

  #step(): void {
    if (!this.#down) this.#operations++
    if (this.#operations === this.#failAt) this.#down = true
    if (this.#down) throw new CraftecError('storage-unavailable', 'power failure')
  }
}

/** A copy of `content` with `bytes` at `at`; a gap is zeros, as in a sparse file. */
function written(content: Uint8Array, bytes: Uint8Array, at: number): Uint8Array {
  if (bytes.length === 0) return content
  const result = new Uint8Array(Math.max(content.length, at + bytes.length))
  result.set(content)
  result.set(bytes, at)
  return result
}
