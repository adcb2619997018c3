/**
 * Who is asked for which pieces: the fetcher's state machine, without network, clock or data. Any piece that raises the rank will
 * do, so there is no rarest-first and no last piece that everybody waits for: a peer that is late simply counts for nothing, and
 * others are asked for other pieces instead.
 */
import { IndexSet } from './index-set.ts'
import type { EndReason, SegmentHoldings } from './transfer-message.ts'

export interface FetchLimits {
  /** Pieces asked for in one WANT. Small, so that fast peers come back for more before slow ones have everything. */
  readonly batchPieces: number
  /** Pieces that one peer may owe: enough to fill the channel's window while answers are on the way. */
  readonly outstandingPieces: number
  /** A peer that owes something and sends nothing for this long is late: others are asked for what is missing. */
  readonly lateMs: number
  /** And for this long: it is given up. */
  readonly stallMs: number
  /** Between two looks at what a peer has, when it had nothing that helps. */
  readonly queryMs: number
  /** Times a peer may lack what it said it had, before it is given up. */
  readonly maxBroken: number
  /** Recoded pieces that added nothing, before a peer is given up. Honest ones are rarely so. */
  readonly maxUseless: number
}

export const FETCH_LIMITS: FetchLimits = {
  batchPieces: 4,
  outstandingPieces: 8,
  lateMs: 1_500,
  stallMs: 10_000,
  queryMs: 2_000,
  maxBroken: 3,
  maxUseless: 8
}

/** Why a peer is of no more use to this fetch. */
export type DropReason = 'stalled' | 'broken-promises' | 'unknown-content' | 'refused'

export type FetchEvent =
  /** Pieces of `segment` are wanted from now on; those in `held` are here already. @param recoded whether recoded ones will do */
  | {
      readonly type: 'segment'
      readonly segment: number
      readonly k: number
      readonly rank: number
      readonly held: IndexSet
      readonly recoded: boolean
    }
  /** The segment is complete, or not wanted any more. */
  | { readonly type: 'forget'; readonly segment: number }
  | {
      readonly type: 'have'
      readonly peer: string
      readonly first: number
      readonly segments: readonly SegmentHoldings[]
    }
  /** A verified piece. @param index undefined for a recoded one */
  | {
      readonly type: 'piece'
      readonly peer: string
      readonly request: number
      readonly index: number | undefined
      readonly innovative: boolean
    }
  | {
      readonly type: 'end'
      readonly peer: string
      readonly request: number
      readonly reason: EndReason
      readonly retryAfterMs: number
    }
  | { readonly type: 'lost'; readonly peer: string }
  | { readonly type: 'tick' }

export type FetchEffect =
  | {
      readonly type: 'want'
      readonly peer: string
      readonly request: number
      readonly segment: number
      readonly committed: IndexSet
      readonly recoded: number
    }
  | { readonly type: 'cancel'; readonly peer: string; readonly request: number }
  | { readonly type: 'query'; readonly peer: string; readonly first: number }
  | { readonly type: 'drop'; readonly peer: string; readonly why: DropReason }

interface SegmentState {
  readonly k: number
  rank: number
  readonly held: IndexSet
  readonly recoded: boolean
}

interface PeerState {
  readonly have: Map<number, SegmentHoldings>
  /** Recoded pieces taken from it, by segment. */
  readonly recodedTaken: Map<number, number>
  busyUntilMs: number
  queriedMs: number
  broken: number
  useless: number
}

interface WantState {
  readonly peer: string
  readonly segment: number
  readonly committed: IndexSet
  recoded: number
  /** When it was sent, or last brought something. */
  progressMs: number
}

export class FetchPlan {
  readonly #limits: FetchLimits
  readonly #segments = new Map<number, SegmentState>()
  readonly #peers = new Map<string, PeerState>()
  readonly #wants = new Map<number, WantState>()
  #nextRequest: number

  /** @param firstRequest requests are numbered from here */
  constructor(limits: FetchLimits = FETCH_LIMITS, firstRequest = 1) {
    this.#limits = limits
    this.#nextRequest = firstRequest
  }

  /** Whether anybody owes a piece, or has asked for patience. */
  get waiting(): boolean {
    return this.#wants.size > 0
  }

  /** Peers that are known to have something that is still wanted, or that asked to come back later. */
  usefulPeers(nowMs: number): number {
    let count = 0
    for (const [name, peer] of this.#peers)
      if (peer.busyUntilMs > nowMs || this.#outstanding(name) > 0 || this.#offersAnything(peer)) count++
    return count
  }

  /** @param nowMs a clock that never goes back */
  handle(event: FetchEvent, nowMs: number): FetchEffect[] {
    const effects: FetchEffect[] = []
    switch (event.type) {
      case 'segment':
        this.#segments.set(event.segment, { ...event, held: IndexSet.of(...event.held) })
        break
      case 'forget':
        this.#segments.delete(event.segment)
        effects.push(...this.#cancelWants(({ segment }) => segment === event.segment))
        break
      case 'have':
        this.#takeHoldings(event, nowMs)
        break
      case 'piece':
        effects.push(...this.#takePiece(event, nowMs))
        break
      case 'end':
        effects.push(...this.#endWant(event, nowMs))
        break
      case 'lost':
        this.#forgetPeer(event.peer)
        break
      case 'tick':
        effects.push(...this.#dropStalled(nowMs), ...this.#queryAgain(nowMs))
        break
    }
    effects.push(...this.#assign(nowMs))
    return effects
  }

  #takeHoldings(event: FetchEvent & { type: 'have' }, nowMs: number): void {
    const peer = this.#peers.get(event.peer) ?? {
      have: new Map(),
      recodedTaken: new Map(),
      busyUntilMs: 0,
      queriedMs: nowMs,
      broken: 0,
      useless: 0
    }
    this.#peers.set(event.peer, peer)
    for (const [offset, holdings] of event.segments.entries()) {
      if (holdings.committed.size + holdings.recoded > 0) peer.have.set(event.first + offset, holdings)
      else peer.have.delete(event.first + offset)
    }
  }

  #takePiece(event: FetchEvent & { type: 'piece' }, nowMs: number): FetchEffect[] {
    const want = this.#wants.get(event.request)
    if (!want) return []
    want.progressMs = nowMs
    if (event.index === undefined) {
      want.recoded = Math.max(0, want.recoded - 1)
      const peer = this.#peers.get(want.peer)
      peer?.recodedTaken.set(want.segment, (peer.recodedTaken.get(want.segment) ?? 0) + 1)
      if (!event.innovative && peer && ++peer.useless >= this.#limits.maxUseless)
        return this.#drop(want.peer, 'broken-promises')
    } else want.committed.delete(event.index)
    const segment = this.#segments.get(want.segment)
    if (!segment) return []
    if (event.index !== undefined) segment.held.add(event.index)
    if (event.innovative) segment.rank++
    return segment.rank < segment.k ? [] : this.#cancelWants(other => other.segment === want.segment)
  }

  #endWant(event: FetchEvent & { type: 'end' }, nowMs: number): FetchEffect[] {
    const want = this.#wants.get(event.request)
    this.#wants.delete(event.request)
    const peer = this.#peers.get(event.peer)
    if (!want || !peer || event.reason === 'cancelled') return []
    if (event.reason === 'busy') {
      peer.busyUntilMs = nowMs + event.retryAfterMs
      return []
    }
    if (event.reason === 'unknown' || event.reason === 'refused')
      return this.#drop(event.peer, event.reason === 'unknown' ? 'unknown-content' : 'refused')
    if (want.committed.size + want.recoded === 0) return []
    // It said it had these. Pieces can be evicted meanwhile; a peer that only talks is found out after a few.
    const holdings = peer.have.get(want.segment)
    for (const index of want.committed) holdings?.committed.delete(index)
    if (holdings && want.recoded > 0) peer.have.set(want.segment, { ...holdings, recoded: 0 })
    return ++peer.broken >= this.#limits.maxBroken ? this.#drop(event.peer, 'broken-promises') : []
  }

  #dropStalled(nowMs: number): FetchEffect[] {
    const stalled = new Set<string>()
    // Answers come in order: one that moves keeps the others alive.
    for (const { peer, progressMs } of this.#wants.values())
      if (nowMs - progressMs >= this.#limits.stallMs && !this.#moves(peer, nowMs)) stalled.add(peer)
    return [...stalled].flatMap(peer => this.#drop(peer, 'stalled'))
  }

  #moves(peer: string, nowMs: number): boolean {
    for (const want of this.#wants.values())
      if (want.peer === peer && nowMs - want.progressMs < this.#limits.stallMs) return true
    return false
  }

  #queryAgain(nowMs: number): FetchEffect[] {
    const first = Math.min(...this.#segments.keys())
    if (!Number.isFinite(first)) return []
    const effects: FetchEffect[] = []
    for (const [name, peer] of this.#peers) {
      if (peer.busyUntilMs > nowMs || this.#outstanding(name) > 0 || this.#offersAnything(peer)) continue
      if (nowMs - peer.queriedMs < this.#limits.queryMs) continue
      peer.queriedMs = nowMs
      effects.push({ type: 'query', peer: name, first })
    }
    return effects
  }

  #assign(nowMs: number): FetchEffect[] {
    const effects: FetchEffect[] = []
    // One batch each in turn, so that the first peer does not get everything.
    for (let progress = true; progress; ) {
      progress = false
      for (const [name, peer] of this.#peers) {
        if (peer.busyUntilMs > nowMs) continue
        const room = this.#limits.outstandingPieces - this.#outstanding(name)
        const effect = room > 0 ? this.#choose(name, peer, Math.min(room, this.#limits.batchPieces), nowMs) : undefined
        if (!effect) continue
        effects.push(effect)
        progress = true
      }
    }
    return effects
  }

  #choose(name: string, peer: PeerState, room: number, nowMs: number): (FetchEffect & { type: 'want' }) | undefined {
    // a peer that is late is not given more: it has not shown yet that it can do what it has
    if (this.#isLate(name, nowMs)) return undefined
    for (const [number, segment] of this.#segments) {
      const holdings = peer.have.get(number)
      if (!holdings) continue
      const { expected, assigned } = this.#expected(number, nowMs)
      const missing = Math.min(segment.k - segment.rank - expected, room)
      if (missing <= 0) continue
      const committed = new IndexSet()
      for (const index of holdings.committed) {
        if (committed.size === missing) break
        if (!segment.held.has(index) && !assigned.has(index)) committed.add(index)
      }
      const spare = holdings.recoded - (peer.recodedTaken.get(number) ?? 0) - this.#recodedOwed(name, number)
      const recoded = segment.recoded ? Math.max(0, Math.min(missing - committed.size, spare)) : 0
      if (committed.size + recoded === 0) continue
      const request = this.#nextRequest++
      this.#wants.set(request, {
        peer: name,
        segment: number,
        committed: IndexSet.of(...committed),
        recoded,
        progressMs: nowMs
      })
      return { type: 'want', peer: name, request, segment: number, committed, recoded }
    }
    return undefined
  }

  /** What is on the way for a segment from peers that are in time. */
  #expected(segment: number, nowMs: number): { readonly expected: number; readonly assigned: IndexSet } {
    const assigned = new IndexSet()
    let expected = 0
    for (const want of this.#wants.values()) {
      if (want.segment !== segment || this.#isLate(want.peer, nowMs)) continue
      expected += want.committed.size + want.recoded
      for (const index of want.committed) assigned.add(index)
    }
    return { expected, assigned }
  }

  #isLate(peer: string, nowMs: number): boolean {
    let [owes, newest] = [false, Number.NEGATIVE_INFINITY]
    for (const want of this.#wants.values()) {
      if (want.peer !== peer) continue
      owes = true
      newest = Math.max(newest, want.progressMs)
    }
    return owes && nowMs - newest >= this.#limits.lateMs
  }

  #outstanding(peer: string): number {
    let count = 0
    for (const want of this.#wants.values()) if (want.peer === peer) count += want.committed.size + want.recoded
    return count
  }

  #recodedOwed(peer: string, segment: number): number {
    let count = 0
    for (const want of this.#wants.values()) if (want.peer === peer && want.segment === segment) count += want.recoded
    return count
  }

  #offersAnything(peer: PeerState): boolean {
    for (const [number, segment] of this.#segments) {
      if (segment.rank >= segment.k) continue
      const holdings = peer.have.get(number)
      if (!holdings) continue
      if (segment.recoded && holdings.recoded > (peer.recodedTaken.get(number) ?? 0)) return true
      for (const index of holdings.committed) if (!segment.held.has(index)) return true
    }
    return false
  }

  #cancelWants(which: (want: WantState) => boolean): FetchEffect[] {
    const effects: FetchEffect[] = []
    for (const [request, want] of this.#wants) {
      if (!which(want)) continue
      this.#wants.delete(request)
      effects.push({ type: 'cancel', peer: want.peer, request })
    }
    return effects
  }

  #drop(peer: string, why: DropReason): FetchEffect[] {
    this.#forgetPeer(peer)
    return [{ type: 'drop', peer, why }]
  }

  #forgetPeer(peer: string): void {
    this.#peers.delete(peer)
    for (const [request, want] of this.#wants) if (want.peer === peer) this.#wants.delete(request)
  }
}
