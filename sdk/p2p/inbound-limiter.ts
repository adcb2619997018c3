/** Counts what is open per peer and in all, and refuses what is too much. */
export class InboundLimiter {
  private readonly maxTotal: number
  private readonly maxPerPeer: number
  private readonly perPeer = new Map<string, number>()
  private total = 0

  constructor(maxTotal: number, maxPerPeer: number) {
    this.maxTotal = maxTotal
    this.maxPerPeer = maxPerPeer
  }

  /** @returns whether `peer` may open one more, which then counts until {@link leave} */
  enter(peer: string): boolean {
    const open = this.perPeer.get(peer) ?? 0
    if (this.total >= this.maxTotal || open >= this.maxPerPeer) return false
    this.perPeer.set(peer, open + 1)
    this.total++
    return true
  }

  leave(peer: string): void {
    const open = this.perPeer.get(peer) ?? 0
    if (open === 0) return
    if (open === 1) this.perPeer.delete(peer)
    else this.perPeer.set(peer, open - 1)
    this.total--
  }
}
