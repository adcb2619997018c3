/**
 * Whom a node sends pieces to at once. Uplinks are shared: a few peers served quickly beat many served slowly, and the others are
 * told when to come back instead of being left to time out.
 */
export class UploadSlots {
  readonly #max: number
  readonly #holders = new Map<string, number>()

  /** @param max peers served at once */
  constructor(max: number) {
    this.#max = max
  }

  get used(): number {
    return this.#holders.size
  }

  /** Take part of a peer's slot, for one want. @returns false when all slots belong to others */
  take(peer: string): boolean {
    const held = this.#holders.get(peer)
    if (held === undefined && this.#holders.size >= this.#max) return false
    this.#holders.set(peer, (held ?? 0) + 1)
    return true
  }

  give(peer: string): void {
    const held = this.#holders.get(peer) ?? 0
    if (held > 1) this.#holders.set(peer, held - 1)
    else this.#holders.delete(peer)
  }
}
