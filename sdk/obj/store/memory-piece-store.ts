import { decodeHex, encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { ChangeListeners } from './change-listeners.ts'
import { type Displacement, mostPieces, type Promised } from './displacement.ts'
import { copied, copiedRecord, type Entry, newEntry, summary } from './memory-entry.ts'
import { offeredContent } from './offered-content.ts'
import type {
  ContentInfo,
  ContentLabel,
  ContentPage,
  EvictionReport,
  EvictOptions,
  NewContent,
  PieceRecord,
  PieceStore,
  PushOffer,
  PutOptions,
  ReadOptions,
  RemoveOptions,
  StoreChange,
  StoredPiece,
  StoreUsage,
  VerifyReport
} from './piece-store.ts'
import { planMemoryPush, sumsOf } from './plan-memory-push.ts'
import { roomInSegment } from './segment-room.ts'
import { slotBytes } from './slot-size.ts'
import {
  checkAdoption,
  checkId,
  checkInteger,
  checkKey,
  checkLabel,
  checkNewContent,
  checkPage,
  checkPeer,
  checkPieces,
  checkPushOffer,
  checkRead,
  checkSegment,
  checkValue
} from './store-arguments.ts'
import { MAX_MANIFESTS_PER_CONTENT, MAX_PAGE, USED_AT_STEP_MS } from './store-limits.ts'
import { pushRefused, type StorePolicy, type StorePolicyOptions, storeFull, storePolicy } from './store-policy.ts'
import { countTurnover, NO_TURNOVER, type Turnover } from './turnover.ts'

/**
 * Pieces in memory, for tests, for private windows, and as the model that the other engines are compared with: it is written for
 * being obviously right. Nothing survives the object.
 */
export function createMemoryPieceStore(options: StorePolicyOptions = {}): PieceStore {
  return new MemoryPieceStore(storePolicy(options))
}

class MemoryPieceStore implements PieceStore {
  readonly #policy: StorePolicy
  readonly #contents = new Map<string, Entry>()
  readonly #values = new Map<string, Uint8Array>()
  readonly #listeners = new ChangeListeners()
  #turnover: Turnover = NO_TURNOVER
  #closed = false

  constructor(policy: StorePolicy) {
    this.#policy = policy
  }

  async addContent(content: NewContent): Promise<ContentInfo> {
    this.#open()
    checkNewContent(content)
    const key = encodeHex(content.manifestId)
    const known = this.#contents.get(key)
    if (known !== undefined) return summary(known)
    const entry = newEntry(content, this.#policy.clock.now())
    this.#contents.set(key, entry)
    this.#emit('content-added', key)
    return summary(entry)
  }

  async adopt(provisionalId: Uint8Array, content: NewContent): Promise<ContentInfo> {
    const provisional = this.#known(provisionalId)
    checkNewContent(content)
    checkAdoption(provisional.info, content)
    const known = this.#find(content.manifestId)
    if (known === undefined) {
      await this.addContent(content)
      const entry = this.#known(content.manifestId)
      this.#contents.set(encodeHex(content.manifestId), { ...entry, segments: provisional.segments })
    }
    this.#contents.delete(encodeHex(provisionalId))
    this.#emit('content-removed', encodeHex(provisionalId))
    return summary(this.#known(content.manifestId))
  }

  async content(manifestId: Uint8Array): Promise<ContentInfo | undefined> {
    const entry = this.#find(manifestId)
    return entry && summary(entry)
  }

  async manifest(manifestId: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#find(manifestId)?.manifest.slice()
  }

  async byContentId(contentId: Uint8Array): Promise<ContentInfo[]> {
    this.#open()
    checkId('content id', contentId)
    const wanted = encodeHex(contentId)
    return this.#sorted()
      .filter(({ info }) => encodeHex(info.contentId) === wanted)
      .slice(0, MAX_MANIFESTS_PER_CONTENT)
      .map(summary)
  }

  async contents(page: ContentPage = {}): Promise<ContentInfo[]> {
    this.#open()
    const limit = checkPage(page)
    const after = page.after && encodeHex(page.after)
    return this.#sorted()
      .filter(({ info }) => after === undefined || encodeHex(info.manifestId) > after)
      .slice(0, limit)
      .map(summary)
  }

  async roomFor(offer: PushOffer): Promise<number> {
    this.#open()
    checkPushOffer(offer)
    const { manifestId, segment, pieceBytes, from, promised = [] } = offer
    const entry = this.#find(manifestId)
    if (entry !== undefined && (entry.info.pieceBytes !== pieceBytes || segment >= entry.info.segments)) return 0
    const held = [...(entry?.segments.get(segment)?.values() ?? [])]
    const room = roomInSegment({ origin: entry?.info.origin, pushed: true }, held.length, held[0]?.record)
    const content = entry === undefined ? offeredContent(offer, this.#policy.clock.now()) : summary(entry)
    const promises = promised.map(one => ({ peer: one.from, bytes: one.pieces * slotBytes(one.pieceBytes) }))
    const plan = (pieces: number): Displacement =>
      this.#planPush(content, from, pieces * slotBytes(pieceBytes), promises)
    return mostPieces(Math.min(offer.pieces, room), plan)
  }

  async putPieces(
    manifestId: Uint8Array,
    segment: number,
    pieces: readonly StoredPiece[],
    { signal, from }: PutOptions = {}
  ): Promise<number> {
    if (from !== undefined) checkPeer(from)
    const entry = this.#known(manifestId)
    checkSegment(entry.info, segment)
    checkPieces(entry.info, pieces)
    if (signal?.aborted) throw new CraftecError('aborted', 'put of pieces: aborted by the caller')
    const held = entry.segments.get(segment) ?? new Map<string, StoredPiece>()
    const fresh = new Map<string, StoredPiece>()
    for (const piece of pieces) {
      const id = encodeHex(piece.record.id)
      if (!held.has(id) && !fresh.has(id)) fresh.set(id, copied(piece))
    }
    if (fresh.size === 0) return 0
    const room = roomInSegment({ origin: entry.info.origin, pushed: from !== undefined }, held.size, pieces[0]?.record)
    if (fresh.size > room)
      throw new CraftecError('limit-exceeded', `${held.size} pieces of the segment are here; it may have ${room} more`)
    const bytes = fresh.size * slotBytes(entry.info.pieceBytes)
    const ofPeer = from ?? entry.info.peer
    if (ofPeer === undefined) this.#makeRoom(entry, bytes)
    else this.#makeRoomForPush(entry, ofPeer, bytes)
    for (const [id, piece] of fresh) held.set(id, piece)
    entry.segments.set(segment, held)
    this.#touch(entry)
    this.#emit('pieces-added', encodeHex(manifestId), segment)
    return fresh.size
  }

  async pieces(manifestId: Uint8Array, segment: number): Promise<PieceRecord[]> {
    return [...(this.#find(manifestId)?.segments.get(segment)?.values() ?? [])].map(({ record }) =>
      copiedRecord(record)
    )
  }

  async held(manifestId: Uint8Array): Promise<Uint16Array> {
    const { info, segments } = this.#known(manifestId)
    return Uint16Array.from({ length: info.segments }, (_, segment) => segments.get(segment)?.size ?? 0)
  }

  async readPiece(
    manifestId: Uint8Array,
    segment: number,
    id: Uint8Array,
    options: ReadOptions = {}
  ): Promise<Uint8Array | undefined> {
    checkId('piece id', id)
    const entry = this.#find(manifestId)
    const piece = entry?.segments.get(segment)?.get(encodeHex(id))
    if (entry === undefined || piece === undefined) return undefined
    const { from, to, into } = checkRead(entry.info, options)
    into.set(piece.data.subarray(from, to))
    if (options.countsAsUse !== false) this.#touch(entry)
    return into
  }

  async removePieces(manifestId: Uint8Array, segment: number, ids: readonly Uint8Array[]): Promise<number> {
    for (const id of ids) checkId('piece id', id)
    const held = this.#find(manifestId)?.segments.get(segment)
    const removed = ids.filter(id => held?.delete(encodeHex(id))).length
    if (removed > 0) this.#emit('pieces-removed', encodeHex(manifestId), segment)
    return removed
  }

  async removeContent(manifestId: Uint8Array, { ifEmpty = false }: RemoveOptions = {}): Promise<boolean> {
    const entry = this.#find(manifestId)
    if (entry === undefined || (ifEmpty && (entry.info.pinned || summary(entry).pieces > 0))) return false
    this.#contents.delete(encodeHex(manifestId))
    this.#emit('content-removed', encodeHex(manifestId))
    return true
  }

  async pin(manifestId: Uint8Array): Promise<void> {
    this.#change(manifestId, { pinned: true })
  }

  async unpin(manifestId: Uint8Array): Promise<void> {
    this.#change(manifestId, { pinned: false })
  }

  async setLabel(manifestId: Uint8Array, label: ContentLabel | undefined): Promise<void> {
    if (label !== undefined) checkLabel(label)
    this.#change(manifestId, { label: label && { name: label.name, type: label.type } })
  }

  async value(key: string): Promise<Uint8Array | undefined> {
    this.#open()
    checkKey(key)
    return this.#values.get(key)?.slice()
  }

  async setValue(key: string, value: Uint8Array | undefined): Promise<void> {
    this.#open()
    checkKey(key)
    if (value === undefined) this.#values.delete(key)
    else {
      checkValue(value)
      this.#values.set(key, value.slice())
    }
  }

  async values(prefix: string, after?: string): Promise<{ key: string; value: Uint8Array }[]> {
    this.#open()
    return [...this.#values]
      .filter(([key]) => key.startsWith(prefix) && (after === undefined || key > after))
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .slice(0, MAX_PAGE)
      .map(([key, value]) => ({ key, value: value.slice() }))
  }

  async usage(): Promise<StoreUsage> {
    this.#open()
    const all = this.#summaries()
    const perPeer = new Map<string, number>()
    for (const { peer, storedBytes } of all)
      if (peer !== undefined && storedBytes > 0) perPeer.set(peer, (perPeer.get(peer) ?? 0) + storedBytes)
    return {
      bytes: sumsOf(all).bytes,
      quota: this.#policy.quotaBytes,
      contents: all.length,
      pieces: all.reduce((sum, { pieces }) => sum + pieces, 0),
      perPeer: Object.fromEntries(perPeer)
    }
  }

  async evict(needBytes: number, { keep = [] }: EvictOptions = {}): Promise<EvictionReport> {
    this.#open()
    checkInteger('needBytes', needBytes, 0, Number.MAX_SAFE_INTEGER)
    const kept = new Set(keep.map(encodeHex))
    const free = this.#policy.quotaBytes - sumsOf(this.#summaries()).bytes
    return this.#evictBytes(needBytes - free, kept)
  }

  async verify(): Promise<VerifyReport> {
    return { checked: (await this.usage()).pieces, lost: [], lostCount: 0 }
  }

  onChange(listener: (change: StoreChange) => void): () => void {
    return this.#listeners.add(listener)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#listeners.clear()
    this.#contents.clear()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #open(): void {
    if (this.#closed) throw new CraftecError('stopped', 'the store is closed; open it again')
  }

  #find(manifestId: Uint8Array): Entry | undefined {
    this.#open()
    checkId('manifest id', manifestId)
    return this.#contents.get(encodeHex(manifestId))
  }

  #known(manifestId: Uint8Array): Entry {
    const entry = this.#find(manifestId)
    if (entry === undefined) throw contentUnknown()
    return entry
  }

  #sorted(): Entry[] {
    return [...this.#contents].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, entry]) => entry)
  }

  #change(manifestId: Uint8Array, change: { pinned?: boolean; label?: ContentLabel | undefined }): void {
    const entry = this.#known(manifestId)
    const { label, ...rest } = { ...entry.info, ...change }
    const info = { ...rest, ...(label === undefined ? {} : { label }) }
    this.#contents.set(encodeHex(manifestId), { ...entry, info })
    this.#emit('content-changed', encodeHex(manifestId))
  }

  #touch(entry: Entry): void {
    const now = this.#policy.clock.now()
    if (now - entry.info.usedAt < USED_AT_STEP_MS) return
    this.#contents.set(encodeHex(entry.info.manifestId), { ...entry, info: { ...entry.info, usedAt: now } })
  }

  #makeRoom({ info }: Entry, added: number): void {
    const { bytes } = sumsOf(this.#summaries())
    const missing = bytes + added - this.#policy.quotaBytes
    const own = new Set([encodeHex(info.manifestId)])
    if (missing > this.#evictableBytes(own)) throw storeFull(this.#policy.quotaBytes, bytes, added)
    this.#evictBytes(missing, own, { peersFirst: true })
  }

  #makeRoomForPush(entry: Entry, from: string, added: number): void {
    const plan = this.#planPush(summary(entry), from, added, [])
    if (plan.outcome === 'refused') throw pushRefused(plan.by, this.#policy, sumsOf(this.#summaries()), added)
    const { clock, turnoverBytesPerDay } = this.#policy
    for (const { manifest, peer, bytes } of plan.displaced) {
      if (peer !== from) this.#turnover = countTurnover(this.#turnover, turnoverBytesPerDay, clock.now(), bytes)
      this.#contents.delete(manifest)
      this.#listeners.emit({ type: 'content-removed', manifestId: decodeHex(manifest), evicted: true })
    }
  }

  #planPush(content: ContentInfo, from: string, addedBytes: number, promised: readonly Promised[]): Displacement {
    const contents = this.#summaries()
    const question = { contents, content, from, addedBytes, promised, turnover: this.#turnover }
    return planMemoryPush(this.#policy, question)
  }

  #summaries(): ContentInfo[] {
    return [...this.#contents.values()].map(summary)
  }

  #evictable(keep: ReadonlySet<string>): ContentInfo[] {
    return this.#sorted()
      .map(summary)
      .filter(({ manifestId, pinned, pieces }) => !pinned && pieces > 0 && !keep.has(encodeHex(manifestId)))
  }

  #evictableBytes(keep: ReadonlySet<string>): number {
    return sumsOf(this.#evictable(keep)).bytes
  }

  #evictBytes(needed: number, keep: ReadonlySet<string>, { peersFirst = false } = {}): EvictionReport {
    const { value, clock } = this.#policy
    const now = clock.now()
    const ranked = this.#evictable(keep)
      .map(content => ({
        content,
        rank: peersFirst && content.origin === 'own' ? 1 : 0,
        value: value(content, now)
      }))
      .sort((left, right) => left.rank - right.rank || left.value - right.value)
    const evicted: Uint8Array[] = []
    let freedBytes = 0
    for (const { content } of ranked) {
      if (freedBytes >= needed) break
      const key = encodeHex(content.manifestId)
      this.#contents.delete(key)
      freedBytes += content.storedBytes
      evicted.push(content.manifestId)
      this.#listeners.emit({ type: 'content-removed', manifestId: content.manifestId, evicted: true })
    }
    return { freedBytes, evicted }
  }

  #emit(type: StoreChange['type'], key: string, segment = 0): void {
    const manifestId = decodeHex(key)
    this.#listeners.emit(
      type === 'pieces-added' || type === 'pieces-removed' ? { type, manifestId, segment } : { type, manifestId }
    )
  }
}

function contentUnknown(): CraftecError {
  return new CraftecError('content-unknown', 'no such content in this store; addContent() comes first')
}
