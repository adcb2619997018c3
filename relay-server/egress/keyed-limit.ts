/** At most `max` holders of one key at a time. Memory is bounded by the holders: a key without any is forgotten. */
export class KeyedLimit {
  private readonly held = new Map<string, number>()
  private readonly max: number

  constructor(max: number) {
    this.max = max
  }

  /** @returns false when the key is at its limit */
  tryTake(key: string): boolean {
    const count = this.held.get(key) ?? 0
    if (count >= this.max) return false
    this.held.set(key, count + 1)
    return true
  }

  release(key: string): void {
    const count = this.held.get(key) ?? 0
    if (count <= 1) this.held.delete(key)
    else this.held.set(key, count - 1)
  }
}
