import type { Clock } from '../../sdk/async/index.ts'

/** A token bucket over all clients together: they are all this machine, and one runaway page is what it is for. */
export class RequestRate {
  private readonly perSecond: number
  private readonly clock: Clock
  private tokens: number
  private last: number

  /** @param perSecond requests a second; twice as many may come at once */
  constructor(perSecond: number, clock: Clock) {
    this.perSecond = perSecond
    this.clock = clock
    this.tokens = perSecond * 2
    this.last = clock.monotonic()
  }

  /** Take `count` requests; none when there is not room for all of them. */
  admit(count: number): boolean {
    const now = this.clock.monotonic()
    this.tokens = Math.min(this.perSecond * 2, this.tokens + ((now - this.last) / 1000) * this.perSecond)
    this.last = now
    if (count > this.tokens) return false
    this.tokens -= count
    return true
  }
}
