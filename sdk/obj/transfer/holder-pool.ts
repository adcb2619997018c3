import type { CraftecError } from '../../errors/index.ts'
import type { PeerAddresses } from '../../p2p/index.ts'
import type { FetchContext, FetchOptions } from './fetch-context.ts'
import type { HolderSession } from './holder-session.ts'

export interface HolderPoolOptions {
  readonly context: Pick<FetchContext, 'openSession' | 'scores' | 'clock'>
  readonly findHolders: FetchOptions['findHolders']
  /** Holders that have something to give, at once. */
  readonly activePeers: number
  /** Sessions that count: of a content that is dealt to many, a few have given all they have long before there is enough. */
  readonly useful: () => number
  readonly signal: AbortSignal
  readonly onOpen: (peer: string, session: HolderSession) => void
  /** It is gone, by itself or because it was dropped. @param error undefined after an orderly end */
  readonly onLost: (peer: string, error: CraftecError | undefined) => void
}

/** Pause before holders are looked for again. */
const SEARCH_PAUSE_MS = 2_000
const MAX_CANDIDATES = 64
/** Sessions in all: a content is dealt to sixteen, and whoever has given all it has may get more of it. */
const MAX_SESSIONS = 32

/** Sessions with the holders of a content: the most promising ones, a few at a time, others when those are lost. */
export class HolderPool {
  readonly #options: HolderPoolOptions
  readonly #sessions = new Map<string, HolderSession>()
  /** Peers that are being connected to, are connected, or were given up. */
  readonly #tried = new Set<string>()
  readonly #opening = new Set<string>()
  #candidates: PeerAddresses[] = []
  #searching = false
  #searchedMs = Number.NEGATIVE_INFINITY

  constructor(options: HolderPoolOptions) {
    this.#options = options
  }

  /** Connect to more, if there is room; look for more, if none are known. Call it from time to time. */
  fill(): void {
    const { context, signal } = this.#options
    if (signal.aborted) return
    const now = context.clock.monotonic()
    this.#candidates.sort((a, b) => context.scores.rank(b.peerId, now) - context.scores.rank(a.peerId, now))
    while (this.#hasRoom()) {
      const next = this.#candidates.shift()
      if (!next) break
      if (!context.scores.isBanned(next.peerId, now)) void this.#connect(next)
    }
    if (this.#candidates.length === 0 && this.#hasRoom()) this.#search(now)
  }

  #hasRoom(): boolean {
    const { useful, activePeers } = this.#options
    const opening = this.#opening.size
    return useful() + opening < activePeers && this.#sessions.size + opening < MAX_SESSIONS
  }

  /** Give up a session, because of what the holder did. */
  drop(peer: string, error: CraftecError): void {
    const session = this.#sessions.get(peer)
    if (!session) return
    session.abort(error)
    this.#lose(peer, error)
  }

  /** Say goodbye to all. */
  close(): void {
    for (const session of this.#sessions.values()) void session.close()
    this.#sessions.clear()
  }

  #search(nowMs: number): void {
    const { context, findHolders, signal } = this.#options
    if (this.#searching || nowMs - this.#searchedMs < SEARCH_PAUSE_MS) return
    this.#searching = true
    const first = this.#searchedMs === Number.NEGATIVE_INFINITY
    void (async () => {
      try {
        // Peers that failed get another chance with each search, those that are in use do not.
        if (!first) for (const peer of [...this.#tried]) if (!this.#sessions.has(peer)) this.#tried.delete(peer)
        for await (const holder of findHolders(signal)) {
          if (signal.aborted || this.#candidates.length >= MAX_CANDIDATES) break
          if (this.#tried.has(holder.peerId)) continue
          this.#tried.add(holder.peerId)
          this.#candidates.push(holder)
          this.fill()
        }
      } catch {
        // looked for again after the pause
      } finally {
        this.#searching = false
        this.#searchedMs = context.clock.monotonic()
      }
    })()
  }

  async #connect(peer: PeerAddresses): Promise<void> {
    const { context, signal, onOpen } = this.#options
    const name = peer.peerId
    this.#opening.add(name)
    try {
      const session = await context.openSession(peer, signal)
      if (signal.aborted) return void session.close()
      this.#sessions.set(name, session)
      void session.closed.then(error => {
        if (this.#sessions.get(name) === session) this.#lose(name, error)
      })
      onOpen(name, session)
    } catch {
      context.scores.failed(name, context.clock.monotonic())
    } finally {
      this.#opening.delete(name)
      this.fill()
    }
  }

  #lose(peer: string, error: CraftecError | undefined): void {
    const { context, onLost } = this.#options
    this.#sessions.delete(peer)
    if (error) context.scores.failed(peer, context.clock.monotonic())
    onLost(peer, error)
    this.fill()
  }
}
