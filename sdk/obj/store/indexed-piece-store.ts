import { decodeHex, encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { addContent, adoptContent } from './add-content.ts'
import { ChangeListeners } from './change-listeners.ts'
import { type ContentRow, decodeContentRow } from './content-row.ts'
import { evictBytes } from './eviction.ts'
import { heldCounts } from './held-counts.ts'
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
  VerifyOptions,
  VerifyReport
} from './piece-store.ts'
import { roomForPush } from './push-room.ts'
import { putPieces } from './put-pieces.ts'
import { readPieceBytes } from './read-piece.ts'
import { type Recovery, recover } from './recovery.ts'
import { removeContent, removePieces } from './remove-pieces.ts'
import { withRowCache } from './row-cache.ts'
import type { SlabFolder } from './slab-file.ts'
import { Slabs } from './slabs.ts'
import {
  checkId,
  checkInteger,
  checkKey,
  checkLabel,
  checkNewContent,
  checkPage,
  checkPeer,
  checkPushOffer,
  checkRead,
  checkValue
} from './store-arguments.ts'
import { StoreCore } from './store-core.ts'
import type { StoreIndex } from './store-index.ts'
import { aliasPrefix } from './store-keys.ts'
import { MAX_MANIFESTS_PER_CONTENT, MAX_PAGE } from './store-limits.ts'
import { type StorePolicyOptions, storePolicy } from './store-policy.ts'
import { topPeers } from './top-peers.ts'
import { isIntact, sweepPieces } from './verification.ts'
import { WriteQueue } from './write-queue.ts'

export interface IndexedStoreOptions extends StorePolicyOptions {
  readonly index: StoreIndex
  /** Where the bytes of pieces go; without it they go into the index too. */
  readonly slabs?: SlabFolder
  /** false: slabs that were written before are read, new pieces go into the index. Default true. */
  readonly slabsWritable?: boolean
  /** Root of a piece's tree; what tells a torn piece from a whole one. */
  readonly pieceRoot: (data: Uint8Array) => Uint8Array
  /** Bytes that the system would still grant. Default: no limit. */
  readonly room?: () => Promise<number>
  /** Told what opening had to put right. */
  readonly onRecovery?: (recovery: Recovery) => void
}

/**
 * A piece store over an index of rows and, if there is one, a folder of slab files. It must be their only user: who owns them is
 * settled before.
 * @throws CraftecError `storage-unavailable` | `storage-corrupt`
 */
export async function openIndexedPieceStore(options: IndexedStoreOptions): Promise<PieceStore> {
  const { index, slabs, pieceRoot, room = async () => Number.POSITIVE_INFINITY } = options
  const { slabsWritable = true, onRecovery } = options
  const core = new StoreCore({
    index: withRowCache(index),
    slabs: slabs && new Slabs(slabs, slabsWritable),
    policy: storePolicy(options),
    pieceRoot,
    room
  })
  const recovery = await recover(core)
  onRecovery?.(recovery)
  return new IndexedPieceStore(core)
}

class IndexedPieceStore implements PieceStore {
  readonly #core: StoreCore
  readonly #queue = new WriteQueue()
  readonly #listeners = new ChangeListeners()
  #closing: Promise<void> | undefined

  constructor(core: StoreCore) {
    this.#core = core
  }

  async addContent(content: NewContent): Promise<ContentInfo> {
    this.#open()
    checkNewContent(content)
    return this.#write('adding content', async core => {
      const isNew = await addContent(core, content)
      if (isNew) this.#emit('content-added', encodeHex(content.manifestId))
      return core.info(content.manifestId, await core.known(encodeHex(content.manifestId)))
    })
  }

  async adopt(provisionalId: Uint8Array, content: NewContent): Promise<ContentInfo> {
    this.#open()
    checkId('provisional id', provisionalId)
    checkNewContent(content)
    return this.#write('adopting content', async core => {
      const isNew = await adoptContent(core, provisionalId, content)
      if (isNew) this.#emit('content-added', encodeHex(content.manifestId))
      this.#emit('content-removed', encodeHex(provisionalId))
      return core.info(content.manifestId, await core.known(encodeHex(content.manifestId)))
    })
  }

  async content(manifestId: Uint8Array): Promise<ContentInfo | undefined> {
    const core = this.#open()
    checkId('manifest id', manifestId)
    const row = await core.committed.content(encodeHex(manifestId))
    return row && core.info(manifestId, row)
  }

  async manifest(manifestId: Uint8Array): Promise<Uint8Array | undefined> {
    checkId('manifest id', manifestId)
    return this.#open().index.get('manifest', encodeHex(manifestId))
  }

  async byContentId(contentId: Uint8Array): Promise<ContentInfo[]> {
    checkId('content id', contentId)
    const prefix = aliasPrefix(encodeHex(contentId))
    const rows = await this.#open().index.range('alias', { prefix, limit: MAX_MANIFESTS_PER_CONTENT })
    const infos = await Promise.all(rows.map(({ key }) => this.content(decodeHex(key.slice(prefix.length)))))
    return infos.filter(info => info !== undefined)
  }

  async contents(page: ContentPage = {}): Promise<ContentInfo[]> {
    const core = this.#open()
    const limit = checkPage(page)
    const after = page.after === undefined ? {} : { after: encodeHex(page.after) }
    const rows = await core.index.range('content', { limit, ...after })
    return rows.map(({ key, value }) => core.info(decodeHex(key), decodeContentRow(value)))
  }

  roomFor(offer: PushOffer): Promise<number> {
    return this.#write('looking for room', core => {
      checkPushOffer(offer)
      return roomForPush(core, offer)
    })
  }

  async putPieces(
    manifestId: Uint8Array,
    segment: number,
    pieces: readonly StoredPiece[],
    { signal, from }: PutOptions = {}
  ): Promise<number> {
    checkId('manifest id', manifestId)
    if (from !== undefined) checkPeer(from)
    const core = this.#open()
    const manifest = encodeHex(manifestId)
    const context = { from, onEvicted: this.#evicted }
    const added = await this.#writeBehind(
      'put of pieces',
      behind => putPieces(core, manifest, segment, pieces, { ...context, behind }),
      { signal, bytes: pieces.reduce((sum, { data }) => sum + data.length, 0) }
    )
    if (added > 0) this.#emit('pieces-added', manifest, segment)
    return added
  }

  async pieces(manifestId: Uint8Array, segment: number): Promise<PieceRecord[]> {
    checkId('manifest id', manifestId)
    const core = this.#open()
    const row = await core.committed.content(encodeHex(manifestId))
    return row === undefined ? [] : (await core.committed.segment(row, segment)).map(({ record }) => record)
  }

  async held(manifestId: Uint8Array): Promise<Uint16Array> {
    const core = this.#open()
    checkId('manifest id', manifestId)
    return heldCounts(core, await core.committed.known(encodeHex(manifestId)))
  }

  async readPiece(
    manifestId: Uint8Array,
    segment: number,
    id: Uint8Array,
    options: ReadOptions = {}
  ): Promise<Uint8Array | undefined> {
    const core = this.#open()
    checkId('manifest id', manifestId)
    checkId('piece id', id)
    const [manifest, wanted] = [encodeHex(manifestId), encodeHex(id)]
    let isLost = false
    const read = async (): Promise<Uint8Array | undefined> => {
      const row = await core.committed.content(manifest)
      if (row === undefined) return undefined
      const piece = (await core.committed.segment(row, segment)).find(({ record }) => encodeHex(record.id) === wanted)
      if (piece === undefined) return undefined
      const { from, into } = checkRead(row, options)
      isLost = !(await readPieceBytes(core, row, segment, piece, { from, into }))
      const { countsAsUse = true } = options
      if (countsAsUse && core.touch(manifest, row))
        void this.#write('times of use', () => core.writeTouched()).catch(() => {})
      return isLost ? undefined : into
    }
    const bytes = await (core.slabs?.reading(read) ?? read())
    if (isLost) await this.removePieces(manifestId, segment, [id])
    return bytes
  }

  removePieces(manifestId: Uint8Array, segment: number, ids: readonly Uint8Array[]): Promise<number> {
    return this.#write('removing pieces', async () => {
      checkId('manifest id', manifestId)
      for (const id of ids) checkId('piece id', id)
      return this.#drop(encodeHex(manifestId), segment, new Set(ids.map(encodeHex)))
    })
  }

  removeContent(manifestId: Uint8Array, { ifEmpty = false }: RemoveOptions = {}): Promise<boolean> {
    return this.#write('removing content', async core => {
      checkId('manifest id', manifestId)
      const manifest = encodeHex(manifestId)
      const row = await core.content(manifest)
      if (row === undefined || (ifEmpty && (row.pinned || row.pieces > 0))) return false
      await removeContent(core, manifest, row)
      this.#emit('content-removed', manifest)
      return true
    })
  }

  pin(manifestId: Uint8Array): Promise<void> {
    return this.#change(manifestId, row => ({ ...row, pinned: true }))
  }

  unpin(manifestId: Uint8Array): Promise<void> {
    return this.#change(manifestId, row => ({ ...row, pinned: false }))
  }

  setLabel(manifestId: Uint8Array, label: ContentLabel | undefined): Promise<void> {
    return this.#change(manifestId, ({ label: _, ...row }) => {
      if (label === undefined) return row
      checkLabel(label)
      return { ...row, label: { name: label.name, type: label.type } }
    })
  }

  async value(key: string): Promise<Uint8Array | undefined> {
    checkKey(key)
    return this.#open().index.get('value', key)
  }

  setValue(key: string, value: Uint8Array | undefined): Promise<void> {
    return this.#write('setting a value', async core => {
      checkKey(key)
      if (value !== undefined) checkValue(value)
      await core.commit([{ table: 'value', key, value }])
    })
  }

  async values(prefix: string, after?: string): Promise<{ key: string; value: Uint8Array }[]> {
    const range = { prefix, limit: MAX_PAGE, ...(after === undefined ? {} : { after }) }
    return this.#open().index.range('value', range)
  }

  async usage(): Promise<StoreUsage> {
    const core = this.#open()
    const { bytes, contents, pieces } = core.ledger
    return { bytes, quota: await core.quotaBytes(), contents, pieces, perPeer: await topPeers(core.index) }
  }

  evict(needBytes: number, { keep = [], signal }: EvictOptions = {}): Promise<EvictionReport> {
    return this.#write(
      'eviction',
      async core => {
        checkInteger('needBytes', needBytes, 0, Number.MAX_SAFE_INTEGER)
        const free = (await core.quotaBytes()) - core.ledger.bytes
        const kept = new Set(keep.map(encodeHex))
        const { freedBytes, manifests } = await evictBytes(core, needBytes - free, {
          keep: kept,
          onEvicted: this.#evicted
        })
        return { freedBytes, evicted: manifests.map(decodeHex) }
      },
      { signal }
    )
  }

  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    const drop = (manifest: string, segment: number, ids: ReadonlySet<string>): Promise<number> =>
      this.#write('dropping lost pieces', () => this.#drop(manifest, segment, ids))
    return sweepPieces(this.#open(), isIntact, drop, options)
  }

  onChange(listener: (change: StoreChange) => void): () => void {
    return this.#listeners.add(listener)
  }

  close(): Promise<void> {
    this.#closing ??= this.#queue.run('close', async () => {
      this.#listeners.clear()
      try {
        await this.#core.settled().catch(() => {}) // their writers are told
        if (!this.#core.stale) await this.#core.writeTouched()
        await this.#core.markClosed()
      } finally {
        await this.#core.slabs?.close()
        await this.#core.index.close()
      }
    })
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #open(): StoreCore {
    if (this.#closing !== undefined) throw new CraftecError('stopped', 'the store is closed; open it again')
    return this.#core
  }

  /** Between two of these nothing is on its way to the disk: each begins when all commits before it have ended. */
  async #write<T>(
    what: string,
    task: (core: StoreCore) => Promise<T>,
    options?: Parameters<WriteQueue['run']>[2]
  ): Promise<T> {
    const core = this.#open()
    return this.#queue.run(
      what,
      async () => {
        await core.settled().catch(() => {}) // their writers are told
        if (core.stale) await recover(core)
        return task(core)
      },
      options
    )
  }

  /**
   * Bytes of the next write go to the disk while the index of this one does. The result is given when the index is there. Without room for
   * the index the task is done again, with nothing behind it, so that other content can give way.
   */
  async #writeBehind<T>(
    what: string,
    task: (behind: boolean) => Promise<T>,
    options: Parameters<WriteQueue['run']>[2]
  ): Promise<T> {
    const core = this.#open()
    const { result, settled } = await this.#queue.run(
      what,
      async () => {
        if (core.stale) await recover(core)
        return { result: await task(true), settled: core.settled() }
      },
      options
    )
    try {
      await settled
      return result
    } catch (error) {
      if (CraftecError.from(error).code !== 'storage-full') throw error
      return this.#write(what, () => task(false), options)
    }
  }

  async #drop(manifest: string, segment: number, ids: ReadonlySet<string>): Promise<number> {
    const removed = await removePieces(this.#core, manifest, segment, ids)
    if (removed > 0) this.#emit('pieces-removed', manifest, segment)
    return removed
  }

  #change(manifestId: Uint8Array, change: (row: ContentRow) => ContentRow): Promise<void> {
    return this.#write('changing content', async core => {
      checkId('manifest id', manifestId)
      const manifest = encodeHex(manifestId)
      core.kept.forget()
      await core.commit([core.contentChange(manifest, change(await core.known(manifest)))])
      this.#emit('content-changed', manifest)
    })
  }

  readonly #evicted = (manifest: string): void =>
    this.#listeners.emit({ type: 'content-removed', manifestId: decodeHex(manifest), evicted: true })

  #emit(type: StoreChange['type'], manifest: string, segment = 0): void {
    const manifestId = decodeHex(manifest)
    this.#listeners.emit(
      type === 'pieces-added' || type === 'pieces-removed' ? { type, manifestId, segment } : { type, manifestId }
    )
  }
}
