import { ByteWriter, encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { CommitLane } from './commit-lane.ts'
import { type ContentRow, encodeContentRow } from './content-row.ts'
import { KeptContentsReader } from './kept-contents.ts'
import { changeLedger, EMPTY_LEDGER, encodeLedger, type Ledger, type RecentPut } from './ledger-row.ts'
import type { ContentInfo } from './piece-store.ts'
import type { Slabs } from './slabs.ts'
import { slotBytes } from './slot-size.ts'
import type { IndexChange, StoreIndex } from './store-index.ts'
import { CLOSED_KEY, heldKey, LEDGER_KEY, SEGMENTS_A_HELD_ROW } from './store-keys.ts'
import { USED_AT_STEP_MS } from './store-limits.ts'
import type { StorePolicy } from './store-policy.ts'
import { StoreRows } from './store-rows.ts'
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
 * which the ledger in memory follows; operations are serialised by the store's queue. Rows are those of the last commit that was
 * made, on the disk or still on its way there.
 */
export class StoreCore extends StoreRows {
  /** Rows that are on the disk: what others may be told. */
  readonly committed: StoreRows
  readonly index: StoreIndex
  readonly slabs: Slabs | undefined
  readonly policy: StorePolicy
  readonly pieceRoot: (data: Uint8Array) => Uint8Array
  readonly room: () => Promise<number>
  ledger: Ledger = EMPTY_LEDGER
  turnover: Turnover = NO_TURNOVER
  readonly kept = new KeptContentsReader(this)
  /** The index may be ahead of what is in memory: a commit failed, and how is not known. */
  stale = true
  /** The mark of an orderly end is still in the index. */
  closedMark = false
  readonly #touched = new Map<string, number>()
  readonly #lane: CommitLane

  constructor(parts: StoreCoreParts) {
    const lane = new CommitLane(parts.index)
    super((table, key) => lane.get(table, key))
    this.#lane = lane
    this.committed = new StoreRows((table, key) => parts.index.get(table, key))
    this.index = parts.index
    this.slabs = parts.slabs
    this.policy = parts.policy
    this.pieceRoot = parts.pieceRoot
    this.room = parts.room
  }

  info(manifestId: Uint8Array, { home: _, ...row }: ContentRow): ContentInfo {
    return {
      ...row,
      manifestId: manifestId.slice(),
      usedAt: this.usedAt(encodeHex(manifestId), row),
      storedBytes: row.pieces * slotBytes(row.pieceBytes)
    }
  }

  /** The caller's cap, or what is taken and what the system would still grant, whichever is less. */
  async quotaBytes(): Promise<number> {
    return Math.min(this.policy.quotaBytes, this.ledger.bytes + (await this.room()))
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
    this.kept.changed(pieces)
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
    const row = (await this.row('held', key))?.slice() ?? new Uint8Array(SEGMENTS_A_HELD_ROW * 2)
    const view = new DataView(row.buffer)
    const at = (segment % SEGMENTS_A_HELD_ROW) * 2
    view.setUint16(at, view.getUint16(at) + pieces)
    return { table: 'held', key, value: row }
  }

  /** @throws CraftecError as {@link StoreIndex.commit}; memory is unchanged then */
  async commit(changes: readonly IndexChange[], ledger = this.ledger): Promise<void> {
    await this.settled()
    try {
      await this.index.commit(this.#whole(changes, ledger))
    } catch (error) {
      // Without room nothing was changed. After any other failure the index itself has to be asked.
      if (CraftecError.from(error).code !== 'storage-full') this.stale = true
      throw error
    }
    this.ledger = ledger
    this.closedMark = false
    this.#forgetTouched(changes)
  }

  /**
   * Commit behind the caller: rows and ledger are at once as they will be. {@link settled} tells when they are on the disk. If they do not
   * get there, what is in memory is stale, whatever the reason.
   */
  async commitBehind(changes: readonly IndexChange[], ledger: Ledger): Promise<void> {
    await this.#lane.room()
    this.#lane.commit(this.#whole(changes, ledger)).then(
      () => this.#forgetTouched(changes),
      () => {
        this.stale = true
      }
    )
    this.ledger = ledger
    this.closedMark = false
  }

  /** All commits are on the disk. @throws as the first that did not get there */
  settled(): Promise<void> {
    return this.#lane.settled()
  }

  /** After a failure: forget what was on its way. */
  restart(): Promise<void> {
    return this.#lane.restart()
  }

  #whole(changes: readonly IndexChange[], ledger: Ledger): IndexChange[] {
    const all = [...changes]
    if (ledger !== this.ledger) all.push({ table: 'state', key: LEDGER_KEY, value: encodeLedger(ledger) })
    if (this.closedMark) all.push({ table: 'state', key: CLOSED_KEY, value: undefined })
    return all
  }

  #forgetTouched(changes: readonly IndexChange[]): void {
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
