import { CraftecError } from '../../errors/index.ts'
import { ReadTickets } from './read-tickets.ts'
import type { SlabFile, SlabFolder } from './slab-file.ts'
import { pagesOf, SlotMap } from './slot-map.ts'
import { slotBytes } from './slot-size.ts'
import type { IndexChange, StoreIndex } from './store-index.ts'

const ROWS_A_READ = 256
const NAME = /^slots-(\d{1,7})$/

/** Slots that were written, and what makes them part of the store once it is in the index. */
export interface SlotClaim {
  readonly slots: readonly number[]
  readonly changes: readonly IndexChange[]
  /** Not used after all. */
  drop(): void
}

/** Slots that are to be free, and what makes them so. */
export interface SlotRelease {
  readonly changes: readonly IndexChange[]
  /** It is in the index: use them again as soon as nobody reads them. */
  done(): void
  /** It did not get there. */
  undo(): void
}

interface Slab {
  readonly map: SlotMap
  file: Promise<SlabFile> | undefined
}

/**
 * Slab files: pieces of one slot size in one file, never a file a piece. Bytes are written and flushed first, the index after
 * them, so the index never speaks of bytes that are not there; slots that were written but not indexed are free again at the next
 * open without anybody looking at them.
 */
export class Slabs {
  readonly writable: boolean
  readonly #folder: SlabFolder
  readonly #slabs = new Map<number, Slab>()
  readonly #tickets = new ReadTickets()

  /** @param writable false: pieces are read and given up, but no file is changed */
  constructor(folder: SlabFolder, writable: boolean) {
    this.#folder = folder
    this.writable = writable
  }

  /**
   * Take over what the index says is taken.
   * @returns slot sizes whose files are shorter than that: bytes were lost
   */
  async load(index: StoreIndex): Promise<number[]> {
    // Who is reading has looked up an address that the map must not give to others.
    await new Promise<void>(resolve => this.#tickets.afterReads(resolve))
    await this.close()
    for (let after: string | undefined; ; ) {
      const rows = await index.range('slots', { limit: ROWS_A_READ, ...(after === undefined ? {} : { after }) })
      for (const { key, value } of rows) this.#slab(sizeOf(key)).map.load(pageOf(key), value)
      after = rows.at(-1)?.key
      if (rows.length < ROWS_A_READ) break
    }
    const short: number[] = []
    for (const [bytes, slab] of this.#slabs) {
      // Pieces need not fill their slots, so the last may end anywhere.
      const size = await (await this.#file(bytes, slab)).sizeBytes()
      if (size <= (slab.map.end - 1) * bytes) short.push(bytes)
    }
    if (!this.writable) return short
    for (const name of await this.#folder.names()) {
      const bytes = NAME.exec(name)?.[1]
      if (bytes !== undefined && !this.#slabs.has(Number(bytes))) await this.#folder.remove(name)
    }
    return short
  }

  /** Write pieces into free slots and flush. @throws CraftecError `storage-full` | `storage-unavailable`; then nothing is taken */
  async write(pieceBytes: number, pieces: readonly Uint8Array[]): Promise<SlotClaim> {
    const bytes = slotBytes(pieceBytes)
    const slab = this.#slab(bytes)
    const slots = slab.map.take(pieces.length)
    const drop = (): void => slab.map.wake(slots)
    try {
      const file = await this.#file(bytes, slab)
      for (const [index, piece] of pieces.entries()) await file.write(piece, (slots[index] ?? 0) * bytes)
      await file.flush()
    } catch (error) {
      drop()
      // Half a write has made the file longer: room that others need now. If even that fails the next trim does it.
      await this.trim(pieceBytes).catch(() => {})
      throw error
    }
    return { slots, changes: pageChanges(bytes, slab.map, slots), drop }
  }

  /** Everything between the look-up of an address and the end of its use. */
  reading<T>(task: () => Promise<T>): Promise<T> {
    return this.#tickets.reading(task)
  }

  /** @returns whether all of `into` could be read */
  async read(pieceBytes: number, slot: number, from: number, into: Uint8Array): Promise<boolean> {
    const bytes = slotBytes(pieceBytes)
    const file = await this.#file(bytes, this.#slab(bytes))
    return (await file.read(into, slot * bytes + from)) === into.length
  }

  release(pieceBytes: number, slots: readonly number[]): SlotRelease {
    const bytes = slotBytes(pieceBytes)
    const { map } = this.#slab(bytes)
    map.rest(slots)
    return {
      changes: pageChanges(bytes, map, slots),
      done: () => this.#tickets.afterReads(() => map.wake(slots)),
      undo: () => map.unrest(slots)
    }
  }

  /** Give back what lies behind the last taken slot. Only between writes. */
  async trim(pieceBytes: number): Promise<void> {
    if (!this.writable) return
    const bytes = slotBytes(pieceBytes)
    const slab = this.#slab(bytes)
    const file = await this.#file(bytes, slab)
    const end = slab.map.end * bytes
    if ((await file.sizeBytes()) > end) await file.truncate(end)
  }

  async close(): Promise<void> {
    const files = [...this.#slabs.values()].map(({ file }) => file)
    this.#slabs.clear()
    for (const file of files) await (await file)?.close()
  }

  #slab(bytes: number): Slab {
    let slab = this.#slabs.get(bytes)
    if (slab === undefined) {
      slab = { map: new SlotMap(), file: undefined }
      this.#slabs.set(bytes, slab)
    }
    return slab
  }

  #file(bytes: number, slab: Slab): Promise<SlabFile> {
    slab.file ??= this.#folder.open(`slots-${bytes}`).catch((error: unknown) => {
      slab.file = undefined
      throw error
    })
    return slab.file
  }
}

function pageChanges(bytes: number, map: SlotMap, slots: readonly number[]): IndexChange[] {
  return pagesOf(slots).map(page => ({ table: 'slots', key: pageKey(bytes, page), value: map.page(page) }))
}

/** Fixed width, so that keys are in the order of their numbers. */
function pageKey(bytes: number, page: number): string {
  return `${String(bytes).padStart(7, '0')}/${String(page).padStart(8, '0')}`
}

function sizeOf(key: string): number {
  const bytes = Number(key.slice(0, 7))
  if (!Number.isInteger(bytes) || bytes < 1)
    throw new CraftecError('storage-corrupt', 'a row of the slot index has a key that is none')
  return bytes
}

function pageOf(key: string): number {
  return Number(key.slice(8))
}
