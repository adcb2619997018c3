import { CraftecError } from '../../errors/index.ts'
import { peerIdFromPublicKey } from '../../identity/index.ts'
import type { PeerAddresses } from '../../p2p/index.ts'
import { equalBytes } from '../hashing/index.ts'
import { verifyPiece } from '../integrity/index.ts'
import type { SignedManifest } from '../manifest/index.ts'
import { decodeProvenance } from '../piece/index.ts'
import type { StoredPiece } from '../store/index.ts'
import type { FetchContext, FetchOptions, PeerFault } from './fetch-context.ts'
import { FETCH_LIMITS, type FetchEffect, type FetchEvent, FetchPlan } from './fetch-plan.ts'
import type { HolderSession } from './holder-session.ts'
import { SegmentDownload } from './segment-download.ts'
import { settleDispute } from './settle-dispute.ts'
import type { PieceHead } from './transfer-message.ts'

interface Active {
  readonly session: HolderSession
  /** Ends of wants by the plan's request number. */
  readonly wants: Map<number, () => void>
  /** When something was asked of it, or last came. */
  sinceMs: number
}

interface Waiting {
  readonly download: SegmentDownload
  readonly resolve: (bytes: Uint8Array) => void
  readonly reject: (error: CraftecError) => void
  readonly promise: Promise<Uint8Array>
  finishing: boolean
  /** While a lie is looked for: wait for committed pieces. */
  patient: boolean
}

/** Holders that have something to give. */
const DEFAULT_ACTIVE = 4
/** Sessions in all: a content is dealt to sixteen, and whoever has given all it has may get more of it. */
const MAX_SESSIONS = 32
const DEFAULT_IDLE_MS = 30_000
const TICK_MS = 250
/** Pause before holders are looked for again. */
const SEARCH_PAUSE_MS = 2_000
const MAX_CANDIDATES = 64
/** How long committed pieces are waited for, while recoded ones are in doubt. */
const PATIENCE_MS = 3_000

/**
 * Fetches segments of one content from its holders. Ask for a few segments at a time, in the order in which they are needed: each one
 * takes its size twice in memory until it is through.
 */
export class ContentFetcher {
  readonly #context: FetchContext
  readonly #manifest: SignedManifest
  readonly #options: FetchOptions
  readonly #plan = new FetchPlan(FETCH_LIMITS)
  readonly #active = new Map<string, Active>()
  /** Peers that are being connected to, are connected, or were given up. */
  readonly #tried = new Set<string>()
  readonly #opening = new Set<string>()
  #candidates: PeerAddresses[] = []
  readonly #segments = new Map<number, Waiting>()
  readonly #life = new AbortController()
  #searching = false
  #searchedMs = Number.NEGATIVE_INFINITY
  #progressMs: number
  #cancelTick: (() => void) | undefined
  #saving: Promise<unknown> = Promise.resolve()

  constructor(context: FetchContext, manifest: SignedManifest, options: FetchOptions) {
    this.#context = context
    this.#manifest = manifest
    this.#options = options
    this.#progressMs = context.clock.monotonic()
  }

  /**
   * The bytes of a segment, whose hash is the manifest's. Calls for the same segment share the work.
   * @throws CraftecError `content-unavailable` when nobody has enough of it; `content-corrupt` when the publisher's own pieces do not
   *   have the hash that he signed; `stopped` after `close`; `invalid-argument`
   */
  segment(index: number): Promise<Uint8Array> {
    if (this.#life.signal.aborted) return Promise.reject(new CraftecError('stopped', 'this fetch was ended'))
    const known = this.#segments.get(index)
    if (known) return known.promise
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    // it may be asked for ahead of time, and awaited later or never
    promise.catch(() => {})
    const download = new SegmentDownload(this.#manifest, index)
    const waiting: Waiting = { download, promise, resolve, reject, finishing: false, patient: true }
    this.#segments.set(index, waiting)
    this.#begin(waiting).catch(error => this.#fail(waiting, CraftecError.from(error)))
    return promise
  }

  /** End: keep the pieces of unfinished segments, so that another fetch goes on from there. Never rejects. */
  async close(): Promise<void> {
    if (this.#life.signal.aborted) return
    const ended = new CraftecError('stopped', 'this fetch was ended')
    this.#life.abort(ended)
    this.#cancelTick?.()
    for (const waiting of [...this.#segments.values()]) {
      if (!waiting.finishing) this.#keep(waiting.download)
      this.#fail(waiting, ended)
    }
    for (const { session } of this.#active.values()) void session.close()
    this.#active.clear()
    await this.#saving
  }

  async #begin(waiting: Waiting): Promise<void> {
    const { download } = waiting
    await this.#takeLocal(download)
    if (this.#life.signal.aborted) return
    if (download.complete) return this.#finish(waiting)
    this.#progressMs = this.#context.clock.monotonic()
    this.#demand(waiting)
  }

  #demand({ download, patient }: Waiting): void {
    const { index, needed, progress, disputed } = download
    // Among pieces that lie, committed ones settle it soonest: they cannot lie without the publisher.
    const recoded = !disputed || !patient
    this.#step({ type: 'segment', segment: index, k: needed, rank: progress, held: download.held(), recoded })
    this.#schedule()
  }

  /** What an earlier fetch, or somebody's offer, left here: verified when it came, so not hashed again before it is needed. */
  async #takeLocal(download: SegmentDownload): Promise<void> {
    const { store } = this.#context
    for (const record of await store.pieces(this.#manifest.id, download.index)) {
      if (download.complete) return
      const data = await store.readPiece(this.#manifest.id, download.index, record.id)
      if (!data) continue
      const origin = decodeProvenance(record.provenance)
      const verified = {
        id: record.id,
        index: origin.kind === 'committed' ? origin.index : undefined,
        recoder: origin.kind === 'recoded' ? origin.recoder : undefined
      }
      download.add({ piece: { record, data }, verified, from: undefined })
    }
  }

  /** Local pieces whose bytes have changed since they were stored. @returns whether there were any */
  async #dropRotten(download: SegmentDownload): Promise<boolean> {
    const { store, hashes } = this.#context
    const rotten = download.pieces.filter(
      ({ piece, from }) => from === undefined && !equalBytes(hashes.pieceRoot(piece.data), piece.record.root)
    )
    if (rotten.length === 0) return false
    const ids = new Set(rotten.map(({ piece }) => piece))
    download.discard(({ piece }) => ids.has(piece))
    await store.removePieces(
      this.#manifest.id,
      download.index,
      rotten.map(({ piece }) => piece.record.id)
    )
    return true
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
        void this.#query(effect.peer, active, effect.first)
        break
      case 'drop':
        if (effect.why === 'stalled' || effect.why === 'broken-promises')
          this.#options.onFault?.({ peer: effect.peer, why: effect.why })
        this.#leave(effect.peer, new CraftecError('link-closed', `this holder was given up: ${effect.why}`))
        break
    }
  }

  #want(active: Active, effect: FetchEffect & { type: 'want' }): void {
    const { peer, request, segment, committed, recoded } = effect
    const download = this.#segments.get(segment)?.download
    // while a lie is looked for, pieces in the span of what is here are what is wanted
    const rows = recoded > 0 && download && !download.disputed ? download.rows() : []
    active.sinceMs = this.#context.clock.monotonic()
    try {
      const cancel = active.session.want(
        { manifestId: this.#manifest.id, segment, committed, recoded, fresh: 0, rows },
        this.#manifest.pieceBytes,
        {
          onPiece: (head, data) => this.#takePiece(peer, request, segment, head, data),
          onEnd: (reason, retryAfterMs) => {
            active.wants.delete(request)
            this.#step({ type: 'end', peer, request, reason, retryAfterMs })
          }
        }
      )
      active.wants.set(request, cancel)
    } catch (error) {
      this.#leave(peer, CraftecError.from(error))
    }
  }

  /** @throws CraftecError `protocol-violation`, which ends the session, for a piece that is not what it says */
  #takePiece(peer: string, request: number, segment: number, head: PieceHead, data: Uint8Array): void {
    const waiting = this.#segments.get(segment)
    if (!waiting || waiting.finishing) return
    const { scores, clock } = this.#context
    const verified = this.#verified(peer, segment, head, data)
    const innovative = waiting.download.add({
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
    }
    this.#step({ type: 'piece', peer, request, index: verified.index, innovative })
    if (waiting.download.complete) this.#finish(waiting).catch(error => this.#fail(waiting, CraftecError.from(error)))
  }

  #verified(peer: string, segment: number, head: PieceHead, data: Uint8Array): ReturnType<typeof verifyPiece> {
    try {
      return verifyPiece(this.#context.hashes, this.#manifest, segment, head, data)
    } catch (cause) {
      this.#accuse(peer, 'invalid-piece')
      throw new CraftecError('protocol-violation', 'the holder sent a piece that is not what it says', { cause })
    }
  }

  /** Unless what it did has a better name already. */
  #accuseOfViolation(peer: string): void {
    const { scores, clock } = this.#context
    if (!scores.isBanned(peer, clock.monotonic())) this.#accuse(peer, 'protocol-violation')
  }

  #accuse(peer: string, why: PeerFault['why'], evidence?: Uint8Array): void {
    this.#context.scores.ban(peer, this.#context.clock.monotonic())
    this.#options.onFault?.({ peer, why, ...(evidence ? { evidence } : {}) })
  }

  async #finish(waiting: Waiting): Promise<void> {
    const { download } = waiting
    waiting.finishing = true
    this.#step({ type: 'forget', segment: download.index })
    const wasDisputed = download.disputed
    const bytes = wasDisputed
      ? await this.#settle(download)
      : await download.decode(this.#context.codec, this.#context.hashes, this.#life.signal)
    if (bytes) {
      this.#keep(download)
      this.#segments.delete(download.index)
      waiting.resolve(bytes)
      this.#progressMs = this.#context.clock.monotonic()
      return
    }
    if (wasDisputed) download.dispute()
    else if (!(await this.#dropRotten(download))) {
      if (download.pieces.every(({ verified }) => verified.recoder === undefined)) throw publisherLied()
      download.dispute()
    }
    waiting.finishing = false
    this.#demand(waiting)
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

  /** Write what came from others to the store, behind the reader's back: it is for others, and for another time. */
  #keep(download: SegmentDownload): void {
    if (this.#options.keep === false) return
    const pieces = download.pieces.filter(({ from }) => from !== undefined).map(({ piece }): StoredPiece => piece)
    if (pieces.length === 0) return
    const save = (): Promise<unknown> => this.#context.store.putPieces(this.#manifest.id, download.index, pieces)
    // a full or failing store is no reason to fail a fetch
    this.#saving = this.#saving.then(save).catch(() => {})
  }

  #fail(waiting: Waiting, error: CraftecError): void {
    this.#segments.delete(waiting.download.index)
    this.#step({ type: 'forget', segment: waiting.download.index })
    waiting.reject(error)
  }

  #schedule(): void {
    this.#openMore()
    if (this.#cancelTick || this.#segments.size === 0 || this.#life.signal.aborted) return
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
    const open = [...this.#segments.values()].filter(({ finishing }) => !finishing)
    for (const waiting of open) {
      if (!waiting.patient || !waiting.download.disputed || now - this.#progressMs < PATIENCE_MS) continue
      waiting.patient = false
      this.#demand(waiting)
    }
    if (open.length === 0 || now - this.#progressMs < idleTimeoutMs) return
    for (const waiting of open) {
      this.#keep(waiting.download)
      const { needed, progress } = waiting.download
      const message = `no holder that can be reached has the ${needed - progress} of ${needed} pieces that are missing`
      this.#fail(waiting, new CraftecError('content-unavailable', message, { details: { needed, progress } }))
    }
  }

  #openMore(): void {
    const { scores, clock } = this.#context
    const now = clock.monotonic()
    const max = this.#options.activePeers ?? DEFAULT_ACTIVE
    this.#candidates.sort((a, b) => scores.rank(b.peerId, now) - scores.rank(a.peerId, now))
    const hasRoom = (): boolean =>
      this.#useful(now) + this.#opening.size < max && this.#active.size + this.#opening.size < MAX_SESSIONS
    while (hasRoom()) {
      const next = this.#candidates.shift()
      if (!next) break
      if (scores.isBanned(next.peerId, now)) continue
      void this.#connect(next)
    }
    if (this.#candidates.length === 0 && hasRoom()) this.#search(now)
  }

  /** Sessions that count: of a content that is dealt to many, a few have given all they have long before there is enough. */
  #useful(nowMs: number): number {
    const wanted = [...this.#segments.values()].some(({ finishing }) => !finishing)
    return wanted ? this.#plan.usefulPeers(nowMs) : this.#active.size
  }

  #search(nowMs: number): void {
    if (this.#searching || nowMs - this.#searchedMs < SEARCH_PAUSE_MS || this.#life.signal.aborted) return
    this.#searching = true
    const first = this.#searchedMs === Number.NEGATIVE_INFINITY
    void (async () => {
      try {
        // Peers that failed get another chance with each search, those that are in use do not.
        if (!first) for (const peer of [...this.#tried]) if (!this.#active.has(peer)) this.#tried.delete(peer)
        for await (const holder of this.#options.findHolders(this.#life.signal)) {
          if (this.#life.signal.aborted || this.#candidates.length >= MAX_CANDIDATES) break
          if (this.#tried.has(holder.peerId)) continue
          this.#tried.add(holder.peerId)
          this.#candidates.push(holder)
          this.#openMore()
        }
      } catch {
        // looked for again after the pause
      } finally {
        this.#searching = false
        this.#searchedMs = this.#context.clock.monotonic()
      }
    })()
  }

  async #connect(peer: PeerAddresses): Promise<void> {
    const name = peer.peerId
    const { clock, scores } = this.#context
    this.#opening.add(name)
    try {
      const session = await this.#context.openSession(peer, this.#life.signal)
      if (this.#life.signal.aborted) return void session.close()
      const active: Active = { session, wants: new Map(), sinceMs: clock.monotonic() }
      this.#active.set(name, active)
      void session.closed.then(error => this.#lost(name, active, error))
      const first = Math.min(...this.#segments.keys())
      await this.#query(name, active, Number.isFinite(first) ? first : 0)
    } catch {
      scores.failed(name, clock.monotonic())
    } finally {
      this.#opening.delete(name)
      if (!this.#life.signal.aborted) this.#schedule()
    }
  }

  /** Ask what a holder has, from the first segment that is wanted on. */
  async #query(peer: string, active: Active, from: number): Promise<void> {
    try {
      for (let first = from; ; ) {
        const page = await active.session.holdings(this.#manifest.id, first, { signal: this.#life.signal })
        if (this.#active.get(peer) !== active) return
        if (!page) return this.#leave(peer, new CraftecError('content-unknown', 'this peer does not hold it'))
        this.#step({ type: 'have', peer, first, segments: page.segments })
        first += page.segments.length
        if (!page.more || page.segments.length === 0 || first >= this.#manifest.segments.length) return
      }
    } catch (error) {
      if (!this.#life.signal.aborted) this.#leave(peer, CraftecError.from(error))
    }
  }

  #leave(peer: string, error: CraftecError): void {
    const active = this.#active.get(peer)
    if (!active) return
    this.#active.delete(peer)
    this.#context.scores.failed(peer, this.#context.clock.monotonic())
    active.session.abort(error)
    if (error.code === 'protocol-violation') this.#accuseOfViolation(peer)
    this.#step({ type: 'lost', peer })
    this.#schedule()
  }

  #lost(peer: string, active: Active, error: CraftecError | undefined): void {
    if (this.#active.get(peer) !== active) return
    this.#active.delete(peer)
    if (error) this.#context.scores.failed(peer, this.#context.clock.monotonic())
    if (error?.code === 'protocol-violation') this.#accuseOfViolation(peer)
    this.#step({ type: 'lost', peer })
    if (!this.#life.signal.aborted) this.#schedule()
  }
}

function publisherLied(): CraftecError {
  return new CraftecError('content-corrupt', 'the publisher signed a segment whose own pieces make something else')
}
