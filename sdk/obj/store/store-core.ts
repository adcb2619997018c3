import { ByteReader, ByteWriter, encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { type ContentRow, decodeContentRow, encodeContentRow } from './content-row.ts'
import { KeptContentsReader } from './kept-contents.ts'
import { changeLedger, EMPTY_LEDGER, encodeLedger, type Ledger, type RecentPut } from './ledger-row.ts'
import type { ContentInfo } from './piece-store.ts'
import { decodeSegmentRow, type PlacedPiece } from './segment-row.ts'
import type { Slabs } from './slabs.ts'
import { slotBytes } from './slot-size.ts'
import type { IndexChange, StoreIndex } from './store-index.ts'
import { CLOSED_KEY, heldKey, LEDGER_KEY, SEGMENTS_A_HELD_ROW, segmentKey } from './store-keys.ts'
import { USED_AT_STEP_MS } from './store-limits.ts'
import type { StorePolicy } from './store-policy.ts'
import { NO_TURNOVER, type Turnover } from './turnover.ts'

/** More reads than this between two writes, and their times are written by themselves. */
const MAX_TOUCHED = 256

export interface StoreCoreParts {
  readonly index: StoreIndex
  /** undefined: pieces lie in the index. */
  readonly slabs: Slabs | undefined
  readonly policy: StorePolicy
  readonly pieceRoot: (data: Uint8Array) => Uint8Array
  /** What the system would still grant, in bytes. */
  readonly room: () => Promise<number>
}

/**
 * What the operations of an indexed store share: rows, the ledger, and commits. All changes of one operation are one commit, after
 * which the ledger in memory follows; operations are serialised by the store's queue.
 */
export class StoreCore {
  readonly index: StoreIndex
  readonly slabs: Slabs | undefined
  readonly policy: StorePolicy
  readonly pieceRoot: (data: Uint8Array) => Uint8Array
  readonly room: () => Promise<number>
  ledger: Ledger = EMPTY_LEDGER
  turnover: Turnover = NO_TURNOVER
  /** Rises when any content may have changed. */
  contentsVersion = 0
  readonly kept = new KeptContentsReader(this)
  /** The index may be ahead of what is in memory: a commit failed, and how is not known. */
  stale = true
  /** The mark of an orderly end is still in the index. */
  closedMark = false
  readonly #touched = new Map<string, number>()

  constructor(parts: StoreCoreParts) {
    this.index = parts.index
    this.slabs = parts.slabs
    this.policy = parts.policy
    this.pieceRoot = parts.pieceRoot
    this.room = parts.room
  }

  async content(manifest: string): Promise<ContentRow | undefined> {
    const row = await this.index.get('content', manifest)
    return row && readRow(() => decodeContentRow(row))
  }

  /** @throws CraftecError `content-unknown` */
  async known(manifest: string): Promise<ContentRow> {
    const row = await this.content(manifest)
    if (row === undefined)
      throw new CraftecError('content-unknown', 'no such content in this store; addContent() comes first')
    return row
  }

  async segment({ home }: ContentRow, segment: number): Promise<PlacedPiece[]> {
    const row = await this.index.get('segment', segmentKey(home, segment))
    return row === undefined ? [] : readRow(() => decodeSegmentRow(row))
  }

  async bytesOfPeer(peer: string): Promise<number> {
    const row = await this.index.get('peer', peer)
    return row === undefined ? 0 : readRow(() => Number(new ByteReader(row, 'peer row').u64()))
  }

  info(manifestId: Uint8Array, { home: _, ...row }: ContentRow): ContentInfo {
    return {
      ...row,
      manifestId: manifestId.slice(),
      usedAt: this.usedAt(encodeHex(manifestId), row),
      storedBytes: row.pieces * slotBytes(row.pieceBytes)
    }
  }

  usedAt(manifest: string, row: Pick<ContentRow, 'usedAt'>): number {
    return Math.max(row.usedAt, this.#touched.get(manifest) ?? 0)
  }

  /** Note that the content was used now. @returns whether so many notes wait that they should be written */
  touch(manifest: string, row: ContentRow): boolean {
    const now = this.policy.clock.now()
    if (now - this.usedAt(manifest, row) >= USED_AT_STEP_MS) this.#touched.set(manifest, now)
    return this.#touched.size >= MAX_TOUCHED
  }

  contentChange(manifest: string, row: ContentRow): IndexChange {
    return { table: 'content', key: manifest, value: encodeContentRow({ ...row, usedAt: this.usedAt(manifest, row) }) }
  }

  /** Rows that change when a segment gains or loses pieces, and the ledger after it. */
  async recount(
    manifest: string,
    row: ContentRow,
    { segment, pieces, put }: { segment: number; pieces: number; put?: RecentPut }
  ): Promise<{ changes: IndexChange[]; ledger: Ledger }> {
    const { peer, origin } = row
    const bytes = pieces * slotBytes(row.pieceBytes)
    const changes = [
      this.contentChange(manifest, { ...row, pieces: row.pieces + pieces }),
      await this.#heldChange(row.home, segment, pieces)
    ]
    if (origin === 'peer' && peer !== undefined) changes.push(await this.peerChange(peer, bytes))
    const ledger = changeLedger(this.ledger, {
      bytes,
      pieces,
      ...(origin === 'peer' ? { peersBytes: bytes } : {}),
      ...(put === undefined ? {} : { put })
    })
    return { changes, ledger }
  }

  async peerChange(peer: string, bytes: number): Promise<IndexChange> {
    const sum = (await this.bytesOfPeer(peer)) + bytes
    return { table: 'peer', key: peer, value: sum > 0 ? new ByteWriter(8).u64(BigInt(sum)).finish() : undefined }
  }

  async #heldChange(home: number, segment: number, pieces: number): Promise<IndexChange> {
    const key = heldKey(home, segment)
    // A copy: rows are shared with the cache.
    const row = (await this.index.get('held', key))?.slice() ?? new Uint8Array(SEGMENTS_A_HELD_ROW * 2)
    const view = new DataView(row.buffer)
    const at = (segment % SEGMENTS_A_HELD_ROW) * 2
    view.setUint16(at, view.getUint16(at) + pieces)
    return { table: 'held', key, value: row }
  }

  /** @throws CraftecError as {@link StoreIndex.commit}; memory is unchanged then */
  async commit(changes: readonly IndexChange[], ledger = this.ledger): Promise<void> {
    const all = [...changes]
    if (ledger !== this.ledger) all.push({ table: 'state', key: LEDGER_KEY, value: encodeLedger(ledger) })
    if (this.closedMark) all.push({ table: 'state', key: CLOSED_KEY, value: undefined })
    if (changes.some(({ table }) => table === 'content')) this.contentsVersion++
    try {
      await this.index.commit(all)
    } catch (error) {
      // Without room nothing was changed. After any other failure the index itself has to be asked.
      if (CraftecError.from(error).code !== 'storage-full') this.stale = true
      throw error
    }
    this.ledger = ledger
    this.closedMark = false
    for (const { table, key } of changes) if (table === 'content') this.#touched.delete(key)
  }

  /** Write the times of use that only memory has. */
  async writeTouched(): Promise<void> {
    const changes: IndexChange[] = []
    for (const manifest of this.#touched.keys()) {
      const row = await this.content(manifest)
      if (row === undefined) this.#touched.delete(manifest)
      else changes.push(this.contentChange(manifest, row))
    }
    if (changes.length > 0) await this.commit(changes)
  }

  /** Leave the mark that nothing has to be checked at the next open. */
  async markClosed(): Promise<void> {
    if (this.closedMark || this.stale) return
    await this.index.commit([{ table: 'state', key: CLOSED_KEY, value: new Uint8Array(0) }])
    this.closedMark = true
  }
}

/** @throws CraftecError `storage-corrupt` */
function readRow<T>(decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    throw new CraftecError(
      'storage-corrupt',
      'a row of the store does not decode; another program wrote there, or the medium is failing. Remove the store to start anew',
      { cause }
    )
  }
}
