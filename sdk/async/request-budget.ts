export interface RequestRate {
  readonly perSecond: number
  readonly burst: number
}

interface Bucket {
  tokens: number
  lastMs: number
}

/**
 * Token buckets, one a peer. When there are more peers than it remembers, the one served longest ago is forgotten, which
 * gives it no more than a fresh burst.
 */
export class RequestBudget {
  private readonly rate: RequestRate
  private readonly maxPeers: number
  private readonly buckets = new Map<string, Bucket>()

  constructor(rate: RequestRate, maxPeers: number) {
    this.rate = rate
    this.maxPeers = maxPeers
  }

  /** @param nowMs a clock that never goes back. @returns whether `peer` may make one more request */
  take(peer: string, nowMs: number): boolean {
    const bucket = this.buckets.get(peer) ?? { tokens: this.rate.burst, lastMs: nowMs }
    bucket.tokens = Math.min(this.rate.burst, bucket.tokens + ((nowMs - bucket.lastMs) / 1000) * this.rate.perSecond)
    bucket.lastMs = nowMs
    this.buckets.delete(peer)
    this.buckets.set(peer, bucket)
    const [oldest] = this.buckets.keys()
    if (this.buckets.size > this.maxPeers && oldest !== undefined) this.buckets.delete(oldest)
    if (bucket.tokens < 1) return false
    bucket.tokens -= 1
    return true
  }
}
