/** Peers remembered; the one heard of longest ago is forgotten first. */
const MAX_PEERS = 1024
/** Weight of the newest measurement. */
const NEWEST = 0.3
const BAN_MS = 60 * 60_000
/** After a failure a peer is asked after the others; each further one doubles it. */
const FIRST_PENALTY_MS = 5_000
const MAX_PENALTY_MS = 10 * 60_000

interface Score {
  bytesPerSecond: number
  failures: number
  notBeforeMs: number
  bannedUntilMs: number
}

/** What this node has seen of the peers it fetched from. Own experience only: nobody's word counts about others. */
export class PeerScores {
  readonly #scores = new Map<string, Score>()

  /** A peer sent `bytes` within `ms`. */
  delivered(peer: string, bytes: number, ms: number): void {
    const score = this.#touch(peer)
    const rate = (bytes * 1000) / Math.max(ms, 1)
    score.bytesPerSecond = score.bytesPerSecond === 0 ? rate : score.bytesPerSecond * (1 - NEWEST) + rate * NEWEST
    score.failures = 0
  }

  /** It could not be reached, or stalled, or did not have what it said. */
  failed(peer: string, nowMs: number): void {
    const score = this.#touch(peer)
    score.notBeforeMs = nowMs + Math.min(FIRST_PENALTY_MS * 2 ** score.failures, MAX_PENALTY_MS)
    score.failures = Math.min(score.failures + 1, 16)
  }

  /** It lied: not asked again for an hour. */
  ban(peer: string, nowMs: number): void {
    this.#touch(peer).bannedUntilMs = nowMs + BAN_MS
  }

  isBanned(peer: string, nowMs: number): boolean {
    return (this.#scores.get(peer)?.bannedUntilMs ?? 0) > nowMs
  }

  /** Higher is better: the fast first, the unknown next, those that failed lately last. */
  rank(peer: string, nowMs: number): number {
    const score = this.#scores.get(peer)
    if (!score) return 0
    return score.notBeforeMs > nowMs ? nowMs - score.notBeforeMs : score.bytesPerSecond
  }

  #touch(peer: string): Score {
    const score = this.#scores.get(peer) ?? { bytesPerSecond: 0, failures: 0, notBeforeMs: 0, bannedUntilMs: 0 }
    this.#scores.delete(peer)
    this.#scores.set(peer, score)
    const [oldest] = this.#scores.keys()
    if (this.#scores.size > MAX_PEERS && oldest !== undefined) this.#scores.delete(oldest)
    return score
  }
}
