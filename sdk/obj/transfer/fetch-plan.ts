/**
 * Who is asked for which pieces: the fetcher's state machine, without network, clock or data. Any piece that raises the rank will
 * do, so there is no rarest-first and no last piece that everybody waits for: a peer that is late simply counts for nothing, and
 * others are asked for other pieces instead.
 */
import type { DropReason, FetchEffect, FetchEvent } from './fetch-event.ts'
import { FETCH_LIMITS, type FetchLimits } from './fetch-limits.ts'
import { IndexSet } from './index-set.ts'
import type { SegmentHoldings } from './transfer-message.ts'

interface SegmentState {
  readonly k: number
  rank: number
  readonly held: IndexSet
  readonly recoded: boolean
  /** All that is needed, as long as they can be had. */
  readonly sources: IndexSet | undefined
}

interface PeerState {
  readonly have: Map<number, SegmentHoldings>
  /** Recoded pieces taken from it, by segment. */
  readonly recodedTaken: Map<number, number>
  busyUntilMs: number
  queriedMs: number
  broken: number
  useless: number
  /** Between two of its pieces, of late; when it brought the last one. */
  intervalMs: number
  pieceMs: number
}

interface WantState {
  readonly peer: string
  readonly segment: number
  readonly committed: IndexSet
  recoded: number
  /** When it was sent, or last brought something. */
  progressMs: number
}

/** Weight of the newest interval between two pieces. */
const NEWEST = 0.15

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
        this.#segments.set(event.segment, { ...event, sources: event.sources, held: IndexSet.of(...event.held) })
        // Wanted anew: what was of no use may be now.
        for (const peer of this.#peers.values()) peer.recodedTaken.delete(event.segment)
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
      useless: 0,
      intervalMs: Number.POSITIVE_INFINITY,
      pieceMs: nowMs
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
    const peer = this.#peers.get(want.peer)
    if (peer) noteRate(peer, want.progressMs, nowMs)
    want.progressMs = nowMs
    if (event.index === undefined) {
      want.recoded = Math.max(0, want.recoded - 1)
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
    // Recoded pieces in the span of what came from others meanwhile are not sent, and were no promise.
    const { segment } = want
    if (want.recoded > 0)
      peer.recodedTaken.set(segment, Math.max(holdings?.recoded ?? 0, peer.recodedTaken.get(segment) ?? 0))
    if (want.committed.size === 0) return []
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
        const owed = this.#outstanding(name)
        const room = this.#mayOwe(peer) - owed
        // not piece by piece: every want is a message, a look-up and an answer
        if (room < this.#limits.batchPieces && owed > 0) continue
        const effect = this.#choose(name, peer, this.#limits.batchPieces, nowMs)
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
      const { committed, recoded } = this.#helpful(name, peer, number, segment, holdings, room, nowMs)
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

  /** What of a segment this peer is to be asked for next. */
  #helpful(
    name: string,
    peer: PeerState,
    number: number,
    segment: SegmentState,
    holdings: SegmentHoldings,
    room: number,
    nowMs: number
  ): { readonly committed: IndexSet; readonly recoded: number } {
    const { expected, assigned } = this.#expected(number, nowMs)
    const isPart = this.#canBePart(number, segment, nowMs)
    const missing = isPart ? room : Math.min(segment.k - segment.rank - expected, room)
    const committed = new IndexSet()
    for (const index of holdings.committed) {
      if (committed.size >= missing) break
      if (segment.held.has(index) || assigned.has(index)) continue
      if (!isPart || segment.sources?.has(index)) committed.add(index)
    }
    // One want for recoded pieces at a time: a holder chooses by what the asker has, and would send the same ones twice.
    const spare = this.#recodedOwed(name, number) > 0 ? 0 : holdings.recoded - (peer.recodedTaken.get(number) ?? 0)
    const recoded = segment.recoded && !isPart ? Math.max(0, Math.min(missing - committed.size, spare)) : 0
    return { committed, recoded }
  }

  /** Whether the few pieces that are wanted of a segment are to be had: otherwise the whole of it is, to compute them. */
  #canBePart(number: number, { sources, held }: SegmentState, nowMs: number): boolean {
    if (!sources) return false
    for (const index of sources) if (!held.has(index) && !this.#isOffered(number, index, nowMs)) return false
    return true
  }

  #isOffered(segment: number, index: number, nowMs: number): boolean {
    for (const [name, { have, busyUntilMs }] of this.#peers)
      if (have.get(segment)?.committed.has(index) && busyUntilMs <= nowMs && !this.#isLate(name, nowMs)) return true
    return false
  }

  /** As many pieces as it brings in a while. */
  #mayOwe({ intervalMs }: PeerState): number {
    const { outstandingPieces, maxOutstandingPieces, owedMs } = this.#limits
    return Math.min(maxOutstandingPieces, Math.max(outstandingPieces, Math.floor(owedMs / Math.max(intervalMs, 1))))
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

/** @param sinceMs when the piece was asked for, or the one before it in the same want came */
function noteRate(peer: PeerState, sinceMs: number, nowMs: number): void {
  const intervalMs = nowMs - Math.max(peer.pieceMs, sinceMs)
  peer.intervalMs = Number.isFinite(peer.intervalMs) ? peer.intervalMs * (1 - NEWEST) + intervalMs * NEWEST : intervalMs
  peer.pieceMs = nowMs
}
