import { encodeHex } from '../../codec/index.ts'
import { type HolderRecord, tryOpenHolderRecord } from './holder-record.ts'

export interface HolderTableLimits {
  /** Records in all. */
  readonly records: number
  /** Records of one holder. */
  readonly perHolder: number
  /** Records of one content: a reader needs a few. */
  readonly perContent: number
}

export const HOLDER_TABLE_LIMITS: HolderTableLimits = { records: 100_000, perHolder: 20_000, perContent: 64 }

export type PutResult = 'taken' | 'known' | 'refused' | 'full'

interface Entry {
  readonly bytes: Uint8Array
  readonly record: HolderRecord
}

/** Holder records of others, as relays keep them: bounded, and gone when they expire. */
export class HolderTable {
  readonly #limits: HolderTableLimits
  /** Content id, then holder and manifest. */
  readonly #byContent = new Map<string, Map<string, Entry>>()
  readonly #perHolder = new Map<string, number>()
  #size = 0

  constructor(limits: HolderTableLimits = HOLDER_TABLE_LIMITS) {
    this.#limits = limits
  }

  get size(): number {
    return this.#size
  }

  /**
   * @param holder who handed it in: nobody speaks for others
   * @param nowMs milliseconds since the Unix epoch
   */
  put(bytes: Uint8Array, holder: Uint8Array, nowMs: number): PutResult {
    const record = tryOpenHolderRecord(bytes, nowMs)
    if (!record) return 'refused'
    const owner = encodeHex(record.holder)
    if (owner !== encodeHex(holder)) return 'refused'
    const content = encodeHex(record.contentId)
    const name = owner + encodeHex(record.manifestId)
    const entries = this.#byContent.get(content) ?? new Map<string, Entry>()
    const known = entries.get(name)
    if (known && known.record.issuedAt >= record.issuedAt) return 'known'
    if (!known && !this.#hasRoom(content, entries, owner, nowMs)) return 'full'
    if (known) this.#remove(content, name)
    this.#add(content, name, { bytes: bytes.slice(), record })
    return 'taken'
  }

  /** Newest first; durable holders before others, because they are likelier to answer. */
  find(contentId: Uint8Array, limit: number, nowMs: number): Uint8Array[] {
    const content = encodeHex(contentId)
    this.#expire(content, nowMs)
    return [...(this.#byContent.get(content)?.values() ?? [])]
      .sort((a, b) => Number(b.record.durable) - Number(a.record.durable) || b.record.issuedAt - a.record.issuedAt)
      .slice(0, limit)
      .map(({ bytes }) => bytes)
  }

  /** Drop what has expired. The table stays right without it; it gives the memory back. */
  sweep(nowMs: number): void {
    for (const content of [...this.#byContent.keys()]) this.#expire(content, nowMs)
  }

  #hasRoom(content: string, entries: ReadonlyMap<string, Entry>, owner: string, nowMs: number): boolean {
    const { records, perHolder, perContent } = this.#limits
    if (entries.size >= perContent) this.#expire(content, nowMs)
    if (this.#size >= records) this.sweep(nowMs)
    return this.#size < records && entries.size < perContent && (this.#perHolder.get(owner) ?? 0) < perHolder
  }

  #expire(content: string, nowMs: number): void {
    for (const [name, { record }] of this.#byContent.get(content) ?? [])
      if (record.expiresAt * 1000 <= nowMs) this.#remove(content, name)
  }

  #add(content: string, name: string, entry: Entry): void {
    const entries = this.#byContent.get(content) ?? new Map<string, Entry>()
    this.#byContent.set(content, entries.set(name, entry))
    const owner = encodeHex(entry.record.holder)
    this.#perHolder.set(owner, (this.#perHolder.get(owner) ?? 0) + 1)
    this.#size++
  }

  #remove(content: string, name: string): void {
    const entries = this.#byContent.get(content)
    const entry = entries?.get(name)
    if (!entries || !entry) return
    entries.delete(name)
    if (entries.size === 0) this.#byContent.delete(content)
    const owner = encodeHex(entry.record.holder)
    const left = (this.#perHolder.get(owner) ?? 1) - 1
    if (left > 0) this.#perHolder.set(owner, left)
    else this.#perHolder.delete(owner)
    this.#size--
  }
}
