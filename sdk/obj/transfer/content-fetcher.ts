import { CraftecError } from '../../errors/index.ts'
import { peerIdFromPublicKey } from '../../identity/index.ts'
import { verifyPiece } from '../integrity/index.ts'
import { manifestSegmentation, type SignedManifest } from '../manifest/index.ts'
import type { StoredPiece } from '../store/index.ts'
import type { FetchContext, FetchOptions, PeerFault } from './fetch-context.ts'
import type { FetchEffect, FetchEvent } from './fetch-event.ts'
import { FETCH_LIMITS } from './fetch-limits.ts'
import { FetchPlan } from './fetch-plan.ts'
import { HolderPool } from './holder-pool.ts'
import type { HolderSession } from './holder-session.ts'
import { partPieces, type SegmentPart } from './part-pieces.ts'
import { PieceMemory } from './piece-memory.ts'
import { SegmentDownload } from './segment-download.ts'
import { SegmentTask } from './segment-task.ts'
import { settleDispute } from './settle-dispute.ts'
import { takeLocalPieces } from './take-local-pieces.ts'
import type { PieceHead } from './transfer-message.ts'

interface Active {
  readonly session: HolderSession
  /** Ends of wants by the plan's request number. */
  readonly wants: Map<number, () => void>
  /** When something was asked of it, or last came. */
  sinceMs: number
  /** What it has is being asked for. */
  isAsked: boolean
  /** Segments before this one were asked for. */
  asked: number
}

/** A segment that is being fetched. */
export interface SegmentReading {
  /**
   * The bytes of one source piece, as soon as it is certain that the publisher signed for them: it has come and verified, or the segment
   * was decoded and has its hash.
   * @param index 0..k-1
   * @returns a view, good until `release`; not to be changed
   * @throws CraftecError `content-unavailable` when nobody has enough of it; `content-corrupt` when the publisher's own pieces do not
   *   make what he signed; `stopped` after `close`
   */
  source(index: number): Promise<Uint8Array>
  /** Settles when all that makes up the segment is here. Rejects as `source` does. */
  readonly completed: Promise<void>
  /** No more is needed of it: what came goes to the store, and its memory is free. */
  release(): void
}

/** Holders that have something to give. */
const DEFAULT_ACTIVE = 4
const DEFAULT_IDLE_MS = 30_000
const TICK_MS = 250
/** How long committed pieces are waited for, while recoded ones are in doubt. */
const PATIENCE_MS = 3_000
/** Segments that wait to be written. A store that is slower than the network slows the fetch down. */
const MAX_SAVES = 2

/** Fetches segments of one content from its holders. Each takes its size in memory, twice while it is decoded, until it is released. */
export class ContentFetcher {
  readonly #context: FetchContext
  readonly #manifest: SignedManifest
  readonly #options: FetchOptions
  readonly #plan = new FetchPlan(FETCH_LIMITS)
  readonly #active = new Map<string, Active>()
  readonly #tasks = new Map<number, SegmentTask>()
  readonly #life = new AbortController()
  readonly #memory = new PieceMemory()
  readonly #holders: HolderPool
  #progressMs: number
  #cancelTick: (() => void) | undefined
  #saving: Promise<unknown> = Promise.resolve()
  #saves = 0

  constructor(context: FetchContext, manifest: SignedManifest, options: FetchOptions) {
    this.#context = context
    this.#manifest = manifest
    this.#options = options
    this.#progressMs = context.clock.monotonic()
    this.#holders = new HolderPool({
      context,
      findHolders: options.findHolders,
      activePeers: options.activePeers ?? DEFAULT_ACTIVE,
      useful: () => this.#useful(),
      signal: this.#life.signal,
      onOpen: (peer, session) => this.#opened(peer, session),
      onLost: (peer, error) => this.#lost(peer, error)
    })
  }

  /**
   * Begin to fetch a segment. A segment has one reader at a time.
   * @param part bytes of the segment that are wanted; its other pieces are fetched only when those cannot be had. Default: all
   * @throws CraftecError `stopped` after `close`; `invalid-argument` for a segment that does not exist, or is being read
   */
  open(index: number, part?: SegmentPart): SegmentReading {
    if (this.#life.signal.aborted) throw ended()
    if (this.#tasks.has(index)) throw new CraftecError('invalid-argument', `segment ${index} is being read already`)
    const download = new SegmentDownload(this.#manifest, index)
    const { pieceBytes } = this.#manifest
    const task = new SegmentTask(download, pieceBytes, part && partPieces(part, download.k, pieceBytes))
    this.#tasks.set(index, task)
    this.#begin(task).catch(error => this.#fail(task, CraftecError.from(error)))
    return {
      source: piece => task.source(piece),
      completed: task.completed,
      release: () => this.#release(task)
    }
  }

  /** End: keep the pieces of unfinished segments, so that another fetch goes on from there. Never rejects. */
  async close(): Promise<void> {
    if (!this.#life.signal.aborted) {
      this.#life.abort(ended())
      this.#cancelTick?.()
      for (const task of [...this.#tasks.values()]) {
        task.fail(ended())
        this.#release(task)
      }
      this.#holders.close()
      this.#active.clear()
    }
    await this.#saving
  }

  async #begin(task: SegmentTask): Promise<void> {
    while (this.#saves >= MAX_SAVES) await this.#saving
    await takeLocalPieces(this.#context, this.#manifest, task.download, task.wanted)
    if (!this.#isCurrent(task) || !task.isOpen) return
    task.notify()
    if (task.download.complete) return this.#finish(task)
    if (task.isSatisfied) return
    this.#progressMs = this.#context.clock.monotonic()
    this.#demand(task)
  }

  #isCurrent(task: SegmentTask): boolean {
    return this.#tasks.get(task.download.index) === task
  }

  #demand({ download, patient, wanted: sources }: SegmentTask): void {
    const { index, needed, progress, disputed } = download
    // Among pieces that lie, committed ones settle it soonest: they cannot lie without the publisher.
    const recoded = !disputed || !patient
    const held = download.held()
    this.#step({ type: 'segment', segment: index, k: needed, rank: progress, held, recoded, sources })
    for (const [peer, active] of this.#active) void this.#query(peer, active)
    this.#schedule()
  }

  #step(event: FetchEvent): void {
    for (const effect of this.#plan.handle(event, this.#context.clock.monotonic())) this.#perform(effect)
  }

  #perform(effect: FetchEffect): void {
    const active = this.#active.get(effect.peer)
    if (!active) return
    switch (effect.type) {
      case 'want':
        this.#want(active, effect)
        break
      case 'cancel':
        active.wants.get(effect.request)?.()
        active.wants.delete(effect.request)
        break
      case 'query':
        active.asked = effect.first
        void this.#query(effect.peer, active)
        break
      case 'drop':
        if (effect.why === 'stalled' || effect.why === 'broken-promises')
          this.#options.onFault?.({ peer: effect.peer, why: effect.why })
        this.#holders.drop(effect.peer, new CraftecError('link-closed', `this holder was given up: ${effect.why}`))
        break
    }
  }

  #want(active: Active, effect: FetchEffect & { type: 'want' }): void {
    const { peer, request, segment, committed, recoded } = effect
    const download = this.#tasks.get(segment)?.download
    // while a lie is looked for, pieces in the span of what is here are what is wanted
    const rows = recoded > 0 && download && !download.disputed ? download.rows() : []
    active.sinceMs = this.#context.clock.monotonic()
    try {
      const cancel = active.session.want(
        { manifestId: this.#manifest.id, segment, committed, recoded, fresh: 0, rows },
        this.#manifest.pieceBytes,
        {
          room: bytes => this.#memory.take(bytes),
          onPiece: (head, data) => this.#takePiece(peer, request, segment, head, data),
          onEnd: (reason, retryAfterMs) => {
            active.wants.delete(request)
            this.#step({ type: 'end', peer, request, reason, retryAfterMs })
          }
        }
      )
      active.wants.set(request, cancel)
    } catch (error) {
      this.#holders.drop(peer, CraftecError.from(error))
    }
  }

  /** @throws CraftecError `protocol-violation`, which ends the session, for a piece that is not what it says */
  #takePiece(peer: string, request: number, segment: number, head: PieceHead, data: Uint8Array): void {
    const task = this.#tasks.get(segment)
    if (!task?.isOpen) return
    const { scores, clock } = this.#context
    const verified = this.#verified(peer, segment, head, data)
    const innovative = task.download.add({
      piece: { record: { id: verified.id, ...head }, data },
      verified,
      from: peer
    })
    const now = clock.monotonic()
    const active = this.#active.get(peer)
    if (active) {
      scores.delivered(peer, data.length, now - active.sinceMs)
      active.sinceMs = now
    }
    if (innovative) {
      this.#progressMs = now
      this.#options.onBytes?.(data.length, peer)
      task.notify()
    }
    this.#step({ type: 'piece', peer, request, index: verified.index, innovative })
    if (task.download.complete || task.download.isAssembled)
      this.#finish(task).catch(error => this.#fail(task, CraftecError.from(error)))
  }

  #verified(peer: string, segment: number, head: PieceHead, data: Uint8Array): ReturnType<typeof verifyPiece> {
    try {
      return verifyPiece(this.#context.hashes, this.#manifest, segment, head, data)
    } catch (cause) {
      this.#accuse(peer, 'invalid-piece')
      throw new CraftecError('protocol-violation', 'the holder sent a piece that is not what it says', { cause })
    }
  }

  #accuse(peer: string, why: PeerFault['why'], evidence?: Uint8Array): void {
    this.#context.scores.ban(peer, this.#context.clock.monotonic())
    this.#options.onFault?.({ peer, why, ...(evidence ? { evidence } : {}) })
  }

  async #finish(task: SegmentTask): Promise<void> {
    const { download } = task
    task.finishing = true
    this.#step({ type: 'forget', segment: download.index })
    const wasDisputed = download.disputed
    const bytes = await this.#proven(download)
    if (bytes || download.isAssembled) {
      task.complete(bytes)
      this.#progressMs = this.#context.clock.monotonic()
      return
    }
    if (!wasDisputed && download.pieces.every(({ verified }) => verified.recoder === undefined)) throw publisherLied()
    download.dispute()
    task.finishing = false
    if (this.#isCurrent(task)) this.#demand(task)
  }

  /** What was published is signed for piece by piece; what is computed from other pieces is proven by the segment's hash. */
  async #proven(download: SegmentDownload): Promise<Uint8Array | undefined> {
    if (download.disputed) return this.#settle(download)
    return download.isAssembled
      ? undefined
      : download.decode(this.#context.codec, this.#context.hashes, this.#life.signal)
  }

  /**
   * Find out who lied. @returns the segment, if that was possible; otherwise more pieces are needed, or committed ones
   * @throws CraftecError `content-corrupt`
   */
  async #settle(download: SegmentDownload): Promise<Uint8Array | undefined> {
    const { outcome, bytes, lies } = await settleDispute(this.#context, this.#manifest, download, this.#life.signal)
    if (outcome === 'publisher-lied') throw publisherLied()
    for (const { recoder, evidence } of lies) this.#accuse(peerIdFromPublicKey(recoder), 'polluted-piece', evidence)
    return bytes
  }

  #release(task: SegmentTask): void {
    if (!this.#isCurrent(task)) return
    this.#tasks.delete(task.download.index)
    if (task.isOpen) this.#step({ type: 'forget', segment: task.download.index })
    // pieces that are being decoded may turn out to be lies
    if (!task.finishing || task.isComplete) this.#keep(task.download)
  }

  /** Write what came from others to the store, behind the reader's back: it is for others, and for another time. */
  #keep(download: SegmentDownload): void {
    if (this.#options.keep === false) return
    const pieces = download.pieces.filter(({ from }) => from !== undefined).map(({ piece }): StoredPiece => piece)
    if (pieces.length === 0) return
    const { store } = this.#context
    const giveBack = (buffers: readonly ArrayBuffer[]): void => this.#memory.give(buffers)
    this.#saves++
    // a full or failing store is no reason to fail a fetch
    this.#saving = this.#saving
      .then(() => store.putPieces(this.#manifest.id, download.index, pieces, { transfer: true, giveBack }))
      .catch(() => {})
      .finally(() => this.#saves--)
  }

  #fail(task: SegmentTask, error: CraftecError): void {
    if (task.isOpen && this.#isCurrent(task)) this.#step({ type: 'forget', segment: task.download.index })
    task.fail(error)
  }

  #schedule(): void {
    this.#holders.fill()
    if (this.#cancelTick || this.#tasks.size === 0 || this.#life.signal.aborted) return
    this.#cancelTick = this.#context.clock.after(TICK_MS, () => {
      this.#cancelTick = undefined
      this.#tick()
      this.#schedule()
    })
  }

  #tick(): void {
    const now = this.#context.clock.monotonic()
    this.#step({ type: 'tick' })
    const { idleTimeoutMs = DEFAULT_IDLE_MS } = this.#options
    const open = [...this.#tasks.values()].filter(task => task.isOpen && !task.isSatisfied)
    for (const task of open) {
      if (!task.patient || !task.download.disputed || now - this.#progressMs < PATIENCE_MS) continue
      task.patient = false
      this.#demand(task)
    }
    if (open.length === 0 || now - this.#progressMs < idleTimeoutMs) return
    for (const task of open) {
      const { needed, progress } = task.download
      const message = `no holder that can be reached has the ${needed - progress} of ${needed} pieces that are missing`
      this.#fail(task, new CraftecError('content-unavailable', message, { details: { needed, progress } }))
    }
  }

  #useful(): number {
    const isWanting = [...this.#tasks.values()].some(task => task.isOpen && !task.isSatisfied)
    return isWanting ? this.#plan.usefulPeers(this.#context.clock.monotonic()) : this.#active.size
  }

  #opened(peer: string, session: HolderSession): void {
    const active = {
      session,
      wants: new Map(),
      sinceMs: this.#context.clock.monotonic(),
      isAsked: false,
      asked: Math.min(...this.#tasks.keys())
    }
    this.#active.set(peer, active)
    void this.#query(peer, active)
    this.#schedule()
  }

  /** Ask what a holder has, from the first segment that is wanted up to the last one. */
  async #query(peer: string, active: Active): Promise<void> {
    if (active.isAsked) return
    active.isAsked = true
    try {
      const last = (): number => Math.max(...this.#tasks.keys(), 0)
      if (!Number.isFinite(active.asked)) active.asked = 0
      while (active.asked <= last()) {
        const first = active.asked
        const page = await active.session.holdings(this.#manifest.id, first, { signal: this.#life.signal })
        if (this.#active.get(peer) !== active) return
        if (!page) return this.#holders.drop(peer, new CraftecError('content-unknown', 'this peer does not hold it'))
        this.#step({ type: 'have', peer, first, segments: page.segments })
        active.asked = first + page.segments.length
        if (!page.more || page.segments.length === 0) active.asked = this.#segmentCount
      }
    } catch (error) {
      if (!this.#life.signal.aborted) this.#holders.drop(peer, CraftecError.from(error))
    } finally {
      active.isAsked = false
    }
  }

  get #segmentCount(): number {
    return manifestSegmentation(this.#manifest).count
  }

  #lost(peer: string, error: CraftecError | undefined): void {
    this.#active.delete(peer)
    const { scores, clock } = this.#context
    // unless what it did has a better name already
    if (error?.code === 'protocol-violation' && !scores.isBanned(peer, clock.monotonic()))
      this.#accuse(peer, 'protocol-violation')
    this.#step({ type: 'lost', peer })
    if (!this.#life.signal.aborted) this.#schedule()
  }
}

function ended(): CraftecError {
  return new CraftecError('stopped', 'this fetch was ended')
}

function publisherLied(): CraftecError {
  return new CraftecError('content-corrupt', 'the publisher signed a segment whose own pieces make something else')
}
