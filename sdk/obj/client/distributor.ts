import { decodeHex, encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { PeerAddresses } from '../../p2p/index.ts'
import { targetPieces } from '../coding/index.ts'
import { manifestSegmentation, openManifest, type SignedManifest } from '../manifest/index.ts'
import { decodeProvenance } from '../piece/index.ts'
import type { PieceRecord, PieceStore } from '../store/index.ts'
import { HolderSession, type OfferedPiece, recodePiece, type SegmentHoldings } from '../transfer/index.ts'
import { type DistributionState, DistributionWatch, decodeDistributed, encodeDistributed } from './distribution.ts'
import { type ObjContext, recodeContext } from './obj-context.ts'
import { pause } from './pause.ts'
import { type Share, shareOf, sharingPeers } from './spread-plan.ts'

/** Where a store keeps note of contents that are still to be spread, and of those that were. */
const WORK_PREFIX = 'distribute/'
const DONE_PREFIX = 'distributed/'
/** Peers that are sent to at once. */
const ACTIVE_PEERS = 4
const PIECES_PER_OFFER = 16
const FIRST_PAUSE_MS = 1_000
const MAX_PAUSE_MS = 5 * 60_000
const MAX_BUSY_PAUSE_MS = 10_000

interface Tally {
  stored: number
  wanted: number
  refused: number
  unreachable: number
}

/**
 * Spreads contents of the own store to storage peers, one after another, and does not give up: what is to be done is written down in
 * the store, and what a peer has already it is asked, so that nothing is lost by a reload and nothing sent twice.
 */
export class Distributor {
  readonly #context: ObjContext
  readonly #watches = new Map<string, DistributionWatch>()
  readonly #life = new AbortController()
  #running = false
  #wanted = false
  #pauseMs = FIRST_PAUSE_MS
  #cancelPause = (): void => {}
  #unsubscribe = (): void => {}

  constructor(context: ObjContext) {
    this.#context = context
  }

  /** Take up what was left undone. */
  async start(): Promise<void> {
    const { store } = this.#context
    this.#unsubscribe = store.onChange(({ type, manifestId }) => {
      if (type === 'content-removed') this.#forget(encodeHex(manifestId)).catch(() => {})
    })
    for (let after: string | undefined; ; ) {
      const notes = await store.values(WORK_PREFIX, after)
      for (const { key } of notes) this.#watch(key.slice(WORK_PREFIX.length))
      after = notes.at(-1)?.key
      if (after === undefined) break
    }
    this.#poke()
  }

  stop(): void {
    this.#life.abort(new CraftecError('stopped', 'the node is being stopped'))
    this.#cancelPause()
    this.#unsubscribe()
    for (const watch of this.#watches.values()) watch.set({ status: 'stopped' })
    this.#watches.clear()
  }

  /** @returns undefined for a content that was not put on this device */
  async distribution(manifestId: Uint8Array): Promise<DistributionWatch | undefined> {
    const name = encodeHex(manifestId)
    const running = this.#watches.get(name)
    if (running) return running
    const note = await this.#context.store.value(DONE_PREFIX + name)
    if (!note) return undefined
    const watch = new DistributionWatch()
    watch.set(decodeDistributed(note))
    return watch
  }

  /** @param replicas pieces the network should hold for each source piece; undefined: as many as its health calls for */
  async add(manifestId: Uint8Array, replicas: number | undefined): Promise<DistributionWatch> {
    const name = encodeHex(manifestId)
    if (replicas === 0) {
      const watch = new DistributionWatch()
      watch.set({ status: 'local' })
      await this.#context.store.setValue(DONE_PREFIX + name, encodeDistributed({ status: 'local' }))
      return watch
    }
    const note = new Uint8Array(8)
    new DataView(note.buffer).setFloat64(0, replicas ?? 0)
    await this.#context.store.setValue(WORK_PREFIX + name, note)
    const watch = this.#watch(name)
    this.#pauseMs = FIRST_PAUSE_MS
    this.#poke()
    return watch
  }

  #watch(name: string): DistributionWatch {
    const watch = this.#watches.get(name) ?? new DistributionWatch()
    this.#watches.set(name, watch)
    return watch
  }

  #poke(): void {
    if (this.#life.signal.aborted) return
    this.#wanted = true
    if (this.#running) return
    this.#running = true
    this.#cancelPause()
    this.#round()
      .catch(() => false)
      .then(finished => {
        this.#running = false
        if (this.#life.signal.aborted || this.#watches.size === 0) return
        if (this.#wanted || finished) return this.#poke()
        this.#cancelPause = this.#context.clock.after(this.#pauseMs, () => this.#poke())
        this.#pauseMs = Math.min(this.#pauseMs * 2, MAX_PAUSE_MS)
      })
  }

  /** @returns whether any content was finished: the next one need not wait then */
  async #round(): Promise<boolean> {
    this.#wanted = false
    let finished = false
    for (const [name, watch] of [...this.#watches]) {
      if (this.#life.signal.aborted) break
      const state = await this.#spread(name, watch)
      watch.set(state)
      if (state.status !== 'done' && state.status !== 'stopped') continue
      finished = true
      // noted before it is forgotten: a reload in between finds it done, and asks each peer once more
      if (state.status === 'done') await this.#context.store.setValue(DONE_PREFIX + name, encodeDistributed(state))
      this.#watches.delete(name)
      await this.#context.store.setValue(WORK_PREFIX + name, undefined)
    }
    return finished
  }

  async #forget(name: string): Promise<void> {
    const { store } = this.#context
    if (await store.value(DONE_PREFIX + name)) await store.setValue(DONE_PREFIX + name, undefined)
  }

  async #spread(name: string, watch: DistributionWatch): Promise<DistributionState> {
    const { store, storagePeers, node } = this.#context
    const [bytes, note] = await Promise.all([store.manifest(decodeHex(name)), store.value(WORK_PREFIX + name)])
    if (!bytes || !note) return { status: 'stopped' }
    const manifest = openManifest(bytes)
    const replicas = new DataView(note.buffer, note.byteOffset, note.byteLength).getFloat64(0)
    const peers = sharingPeers(
      storagePeers().filter(({ peerId }) => peerId !== node.peerId),
      manifest.id
    )
    if (peers.length === 0) return { status: 'waiting', why: 'no-storage-peer' }
    const tally: Tally = { stored: 0, wanted: 0, refused: 0, unreachable: 0 }
    const tell = (): void =>
      watch.set({
        status: 'sending',
        piecesStored: tally.stored,
        piecesWanted: tally.wanted,
        peers: peers.length - tally.refused - tally.unreachable
      })
    const share = (place: number, segment: number): Share => {
      const { k } = manifestSegmentation(manifest).segment(segment)
      const committed = manifest.segments[segment]?.committed ?? 0
      const target = replicas > 0 ? Math.ceil(k * replicas) : targetPieces(k)
      return shareOf(committed, target, peers.length, place)
    }
    for (const place of peers.keys())
      for (const segment of manifest.segments.keys()) tally.wanted += sizeOf(share(place, segment))
    const queue = [...peers.entries()]
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next && !this.#life.signal.aborted; next = queue.shift()) {
        const [place, peer] = next
        await this.#fill(manifest, peer, segment => share(place, segment), tally, tell)
      }
    }
    await Promise.all(Array.from({ length: Math.min(ACTIVE_PEERS, peers.length) }, worker))
    if (this.#life.signal.aborted) return { status: 'waiting', why: 'unreachable' }
    const served = peers.length - tally.refused - tally.unreachable
    if (tally.unreachable > 0 || served === 0 || tally.stored < tally.wanted)
      return { status: 'waiting', why: tally.unreachable > 0 ? 'unreachable' : 'refused' }
    return { status: 'done', piecesStored: tally.stored, peers: served }
  }

  /** Give one peer its share of every segment. Never rejects: the tally says what came of it. */
  async #fill(
    manifest: SignedManifest,
    peer: PeerAddresses,
    share: (segment: number) => Share,
    tally: Tally,
    tell: () => void
  ): Promise<void> {
    const { node, clock, scores } = this.#context
    const { signal } = this.#life
    let session: HolderSession | undefined
    try {
      session = await HolderSession.open(node, peer, { signal, clock })
      const held = await heldBy(session, manifest, signal)
      for (const segment of manifest.segments.keys()) {
        const wanted = share(segment)
        const has = held[segment]
        const missing = [...wanted.committed].filter(index => !has?.committed.has(index))
        const recoded = Math.max(0, wanted.recoded - (has?.recoded ?? 0))
        tally.stored += wanted.committed.size - missing.length + (wanted.recoded - recoded)
        const outcome = await this.#offer(session, manifest, segment, missing, recoded, count => {
          tally.stored += count
          tell()
        })
        if (outcome !== 'stored') {
          tally.refused++
          return
        }
      }
      tell()
    } catch (error) {
      tally.unreachable++
      scores.failed(peer.peerId, clock.monotonic())
      session?.abort(CraftecError.from(error))
    } finally {
      void session?.close()
    }
  }

  async #offer(
    session: HolderSession,
    manifest: SignedManifest,
    segment: number,
    missing: readonly number[],
    recoded: number,
    onStored: (pieces: number) => void
  ): Promise<'stored' | 'refused'> {
    const { store } = this.#context
    const { signal } = this.#life
    const todo: (number | undefined)[] = [...missing, ...Array.from({ length: recoded }, () => undefined)]
    for (let tries = 0; todo.length > 0; ) {
      const pieces = Math.min(todo.length, PIECES_PER_OFFER)
      let [tried, sent] = [0, 0]
      const result = await session.offer(
        { manifestId: manifest.id, segment, pieces, pieceBytes: manifest.pieceBytes },
        manifest.bytes,
        async granted => {
          const made: OfferedPiece[] = []
          const committed = await committedRecords(store, manifest.id, segment)
          for (const index of todo.slice(0, granted)) {
            const record = index === undefined ? undefined : committed.get(index)
            const piece = await (index === undefined
              ? recodePiece(recodeContext(this.#context), manifest.id, segment)
              : record && withData(store, manifest.id, segment, record))
            tried++
            if (piece) made.push(piece)
          }
          sent = made.length
          return made
        },
        { signal }
      )
      if (result.outcome === 'stored') {
        todo.splice(0, Math.max(1, tried))
        onStored(sent)
        tries = 0
      } else if (result.outcome === 'busy' && 'retryAfterMs' in result && ++tries < 30)
        await pause(this.#context.clock, Math.min(result.retryAfterMs, MAX_BUSY_PAUSE_MS), signal)
      else return 'refused'
    }
    return 'stored'
  }
}

function sizeOf({ committed, recoded }: Share): number {
  return committed.size + recoded
}

async function heldBy(
  session: HolderSession,
  manifest: SignedManifest,
  signal: AbortSignal
): Promise<SegmentHoldings[]> {
  const held: SegmentHoldings[] = []
  while (held.length < manifest.segments.length) {
    const page = await session.holdings(manifest.id, held.length, { signal })
    if (!page || page.segments.length === 0) break
    held.push(...page.segments)
    if (!page.more) break
  }
  return held
}

async function committedRecords(
  store: PieceStore,
  manifestId: Uint8Array,
  segment: number
): Promise<Map<number, PieceRecord>> {
  const records = new Map<number, PieceRecord>()
  for (const record of await store.pieces(manifestId, segment)) {
    const origin = decodeProvenance(record.provenance)
    if (origin.kind === 'committed') records.set(origin.index, record)
  }
  return records
}

async function withData(
  store: PieceStore,
  manifestId: Uint8Array,
  segment: number,
  { id, coefficients, root, provenance }: PieceRecord
): Promise<OfferedPiece | undefined> {
  const data = await store.readPiece(manifestId, segment, id)
  return data && { head: { coefficients, root, provenance }, data }
}
