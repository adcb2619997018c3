import { type Clock, RequestBudget, systemClock, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { PeerId } from '../../identity/index.ts'
import type { Channel, P2pNode } from '../../p2p/index.ts'
import type { PieceStore } from '../store/index.ts'
import { sendManifest } from './holder-session.ts'
import type { Intake } from './intake.ts'
import { segmentHoldings } from './piece-source.ts'
import { type ProviderAction, ProviderCore } from './provider-core.ts'
import { ReadAhead, type WantedPieces } from './read-ahead.ts'
import { MAX_PEER_RECORDS, MAX_TRANSFER_FRAME_BYTES } from './transfer-limits.ts'
import { TransferLink } from './transfer-link.ts'
import {
  type EndReason,
  type PieceHead,
  TRANSFER_PROTOCOL,
  type TransferMessage,
  type Want
} from './transfer-message.ts'
import { UploadSlots } from './upload-slots.ts'

/** What a node gives and takes. */
export interface TransferHost {
  readonly store: PieceStore
  /** Takes pieces for others. Absent: every offer is refused. */
  readonly intake?: Intake | undefined
  /** Makes a new piece out of held ones, for repair; undefined when too few are held. */
  readonly recode?: ((manifestId: Uint8Array, segment: number) => Promise<RecodedPiece | undefined>) | undefined
  /** Answers an audit; undefined when it cannot. */
  readonly prove?: ((challenge: Uint8Array, peer: PeerId) => Promise<Uint8Array | undefined>) | undefined
  /** Told of pieces that somebody read; not of those made for a repair. @param k source pieces of the segment */
  readonly onRead?: ((manifestId: Uint8Array, segment: number, pieces: number, k: number) => void) | undefined
  /** Signed records of holders of a content, the own one first. */
  readonly holders?: ((contentId: Uint8Array) => Promise<readonly Uint8Array[]>) | undefined
}

export interface RecodedPiece {
  readonly head: PieceHead
  readonly data: Uint8Array
}

export interface ServeTransferOptions {
  readonly clock?: Clock
  /** Channels open at once. Default 64. */
  readonly maxChannels?: number
  /** Peers that pieces are sent to at once. Default 4, which suits a tab; a node with a fat uplink serves more. */
  readonly uploadPeers?: number
  /** A channel on which nothing happens for this long is closed. */
  readonly idleMs?: number
  /** Requests a peer may make: each may cost a look at the disk. */
  readonly requests?: { readonly perSecond: number; readonly burst: number }
}

export interface TransferService {
  /**
   * Serve a channel that came another way, from somebody who is not known: over a circuit. They may ask for everything, and store nothing,
   * because no quota could hold them.
   */
  acceptAnonymous(channel: Channel): void
  /** Stop accepting, and end what is open. */
  stop(): void
  readonly stats: TransferStats
}

/** Counted since the start. */
export interface TransferStats {
  piecesSent: number
  bytesSent: number
  piecesStored: number
  bytesStored: number
  busy: number
  refused: number
  violations: number
  /** Contents that gave way to others. */
  evicted: number
}

const DEFAULTS = {
  clock: systemClock,
  maxChannels: 64,
  uploadPeers: 4,
  idleMs: 60_000,
  requests: { perSecond: 50, burst: 400 }
}
const MAX_BUDGETS = 1024
/** From an offer's grant to its end. */
const OFFER_MS = 120_000
const BUSY_RETRY_MS = 2_000
/** In one HAVE: each costs a look at the disk, and who reads a part needs to know of few. */
const HAVE_SEGMENTS = 16

interface Service {
  readonly host: TransferHost
  readonly settings: typeof DEFAULTS
  readonly slots: UploadSlots
  readonly budget: RequestBudget
  readonly stats: TransferStats
}

/**
 * Serve `/craftec/obj/1` on `node` until stopped. What a peer does wrong ends its channel, is counted, and nothing else.
 */
export function serveTransfer(
  node: Pick<P2pNode, 'handle'>,
  host: TransferHost,
  options: ServeTransferOptions = {}
): TransferService {
  const settings = { ...DEFAULTS, ...options }
  const stats = {
    piecesSent: 0,
    bytesSent: 0,
    piecesStored: 0,
    bytesStored: 0,
    busy: 0,
    refused: 0,
    violations: 0,
    evicted: 0
  }
  const service: Service = {
    host,
    settings,
    stats,
    slots: new UploadSlots(settings.uploadPeers),
    budget: new RequestBudget(settings.requests, MAX_BUDGETS)
  }
  const open = new Set<Channel>()
  const serve = (channel: Channel, host: TransferHost): void => {
    open.add(channel)
    void channel.closed.then(() => open.delete(channel))
    void new ProviderSession({ ...service, host }, channel).run()
  }
  const limits = { maxFrameBytes: MAX_TRANSFER_FRAME_BYTES, maxChannels: settings.maxChannels }
  const unhandle = node.handle(TRANSFER_PROTOCOL, limits, channel => serve(channel, host))
  const { store, recode, onRead } = host
  const unwatch = store.onChange(change => {
    if (change.type === 'content-removed' && change.evicted) stats.evicted++
  })
  return {
    acceptAnonymous: channel => {
      if (open.size < settings.maxChannels) serve(channel, { store, recode, onRead })
      else channel.abort(new CraftecError('limit-exceeded', 'too many channels are open here'))
    },
    stats,
    stop: () => {
      unhandle()
      unwatch()
      for (const channel of open) channel.abort(new CraftecError('stopped', 'this node serves storage no longer'))
    }
  }
}

type Receiving = Promise<{ readonly message: TransferMessage | undefined } | { readonly error: unknown }>

class ProviderSession {
  readonly #service: Service
  readonly #link: TransferLink
  readonly #peer: PeerId
  readonly #core = new ProviderCore()
  readonly #life = new AbortController()
  /** What to undo when an offer that was granted is through, or will never be. */
  readonly #granted = new Map<number, () => void>()
  readonly #ahead: ReadAhead
  #receiving: Receiving | undefined
  /** Answers go one after another: pieces are not mixed on a channel. */
  #turn: Promise<void> = Promise.resolve()

  constructor(service: Service, channel: Channel) {
    this.#service = service
    this.#link = new TransferLink(channel, service.settings.clock)
    this.#peer = channel.remotePeer
    this.#ahead = new ReadAhead(service.host.store, () => service.settings.clock.monotonic())
  }

  /** Never rejects. */
  async run(): Promise<void> {
    const { channel } = this.#link
    try {
      while (await this.#next());
      await this.#turn
      await channel.close()
    } catch (error) {
      const failure = CraftecError.from(error)
      if (failure.code === 'protocol-violation' || failure.code === 'limit-exceeded') this.#service.stats.violations++
      channel.abort(failure)
    } finally {
      this.#life.abort(new CraftecError('link-closed', 'the peer left'))
      for (const request of [...this.#granted.keys()]) this.#endGrant(request)
    }
  }

  /** @returns false at the end of the session */
  async #next(): Promise<boolean> {
    const { clock, idleMs } = this.#service.settings
    const waiting = { what: 'message of a storage peer', timeoutMs: idleMs, clock }
    // As a value, so that its failure is not taken for the deadline's; kept, so that no message is lost to a look at the clock.
    const receiving: Receiving =
      this.#receiving ??
      this.#link.receive().then(
        message => ({ message }),
        (error: unknown) => ({ error })
      )
    this.#receiving = receiving
    const outcome = await withDeadline(waiting, () => receiving).catch(() => undefined)
    // a peer that waits for its own answers is not idle
    if (outcome === undefined) return this.#core.busy
    this.#receiving = undefined
    if ('error' in outcome) throw outcome.error
    const { message } = outcome
    if (message === undefined) return false
    if (asksForWork(message) && !this.#service.budget.take(this.#peer, clock.monotonic()))
      throw new CraftecError('limit-exceeded', 'too many storage requests from one peer')
    for (const action of this.#core.take(message)) {
      if (action.type === 'bye') return false
      this.#schedule(action)
    }
    return true
  }

  #schedule(action: Exclude<ProviderAction, { type: 'bye' }>): void {
    const { slots, stats } = this.#service
    if (action.type !== 'pieces') this.#inTurn(() => this.#answer(action))
    else if (slots.take(this.#peer)) {
      const { wanted, drop } = this.#ahead.begin(action.want)
      this.#inTurn(
        () => this.#sendPieces(action.request, action.want, wanted),
        () => {
          drop()
          slots.give(this.#peer)
        }
      )
    } else {
      stats.busy++
      this.#inTurn(() => this.#end(action.request, 'busy', BUSY_RETRY_MS))
    }
  }

  /** @param release called in any case, also when the peer left before its turn */
  #inTurn(task: () => Promise<void>, release: () => void = () => {}): void {
    this.#turn = this.#turn.then(async () => {
      try {
        if (!this.#life.signal.aborted) await task()
      } catch (error) {
        this.#link.channel.abort(CraftecError.from(error))
      } finally {
        release()
      }
    })
  }

  async #answer(action: Exclude<ProviderAction, { type: 'bye' | 'pieces' }>): Promise<void> {
    const { host, stats } = this.#service
    switch (action.type) {
      case 'send':
        return this.#send(action.message)
      case 'manifest': {
        const manifest = await host.store.manifest(action.manifestId)
        if (!manifest) return this.#end(action.request, 'unknown')
        await sendManifest(this.#link, action.request, manifest, this.#life.signal)
        return this.#core.finish(action.request)
      }
      case 'holdings':
        return this.#sendHoldings(action)
      case 'prove': {
        const bytes = await host.prove?.(action.challenge, this.#peer)
        if (!bytes) return this.#end(action.request, 'unknown')
        return this.#finish({ kind: 'proof', request: action.request, bytes })
      }
      case 'holders': {
        const records = (await host.holders?.(action.contentId)) ?? []
        return this.#finish({ kind: 'peers', request: action.request, records: records.slice(0, MAX_PEER_RECORDS) })
      }
      case 'admit': {
        const admission = await host.intake?.admit(this.#peer, action.offer)
        if (admission?.outcome !== 'granted') {
          stats.refused++
          return this.#end(action.request, admission?.outcome ?? 'refused', admission?.retryAfterMs ?? 0)
        }
        this.#beginGrant(action.request, admission.release)
        return this.#send(this.#core.grant(action.request, admission.pieces, admission.wantsManifest))
      }
      case 'store': {
        const { request, offer, manifest, pieces } = action
        const stored = await host.intake
          ?.store(this.#peer, offer, manifest, pieces)
          .finally(() => this.#endGrant(request))
        if (stored?.outcome !== 'stored') {
          stats.refused++
          return this.#end(request, stored?.outcome ?? 'refused')
        }
        stats.piecesStored += stored.pieces
        stats.bytesStored += stored.pieces * offer.pieceBytes
        return this.#finish({ kind: 'stored', request, pieces: stored.pieces })
      }
    }
  }

  async #sendHoldings({ request, manifestId, first }: ProviderAction & { type: 'holdings' }): Promise<void> {
    const { store } = this.#service.host
    const content = await store.content(manifestId)
    if (!content) return this.#end(request, 'unknown')
    const end = Math.min(content.segments, first + HAVE_SEGMENTS)
    const numbers = Array.from({ length: Math.max(0, end - first) }, (_, offset) => first + offset)
    const segments = await Promise.all(numbers.map(segment => segmentHoldings(store, manifestId, segment)))
    await this.#finish({ kind: 'have', request, first, more: end < content.segments, segments })
  }

  async #sendPieces(request: number, want: Want, reading: Promise<WantedPieces>): Promise<void> {
    const { store, recode, onRead } = this.#service.host
    const { manifestId, segment } = want
    const wanted = want.committed.size + want.recoded + want.fresh
    const { known, pieces } = await reading
    if (!known) return this.#end(request, (await store.content(manifestId)) ? 'exhausted' : 'unknown')
    let sent = 0
    for (const { record, take } of pieces) {
      const data = await take()
      if (this.#core.isCancelled(request)) return this.#end(request, 'cancelled')
      if (!data) continue
      await this.#sendPiece(request, record, data)
      sent++
    }
    if (sent > 0) onRead?.(manifestId, segment, sent, pieces[0]?.record.coefficients.length ?? 1)
    for (let made = 0; made < want.fresh; made++) {
      const piece = await recode?.(manifestId, segment)
      if (!piece || this.#core.isCancelled(request)) break
      await this.#sendPiece(request, piece.head, piece.data)
      sent++
    }
    await this.#end(request, this.#core.isCancelled(request) ? 'cancelled' : sent < wanted ? 'exhausted' : 'done')
  }

  async #sendPiece(request: number, { coefficients, root, provenance }: PieceHead, data: Uint8Array): Promise<void> {
    await this.#link.sendPiece(request, { coefficients, root, provenance }, data, this.#life.signal)
    this.#service.stats.piecesSent++
    this.#service.stats.bytesSent += data.length
  }

  #beginGrant(request: number, release: () => void): void {
    const cancelDeadline = this.#service.settings.clock.after(OFFER_MS, () =>
      this.#link.channel.abort(new CraftecError('timeout', `an offer was not through after ${OFFER_MS} ms`))
    )
    this.#granted.set(request, () => {
      cancelDeadline()
      release()
    })
  }

  #endGrant(request: number): void {
    this.#granted.get(request)?.()
    this.#granted.delete(request)
  }

  #end(request: number, reason: EndReason, retryAfterMs = 0): Promise<void> {
    return this.#finish({ kind: 'end', request, reason, retryAfterMs })
  }

  #finish(message: Extract<TransferMessage, { request: number }>): Promise<void> {
    this.#core.finish(message.request)
    return this.#send(message)
  }

  #send(message: TransferMessage): Promise<void> {
    return this.#link.send(message, this.#life.signal)
  }
}

function asksForWork({ kind }: TransferMessage): boolean {
  return kind !== 'chunk' && kind !== 'piece' && kind !== 'manifest' && kind !== 'end' && kind !== 'bye'
}
