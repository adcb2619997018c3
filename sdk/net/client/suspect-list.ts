/** A node that was in a failed circuit is avoided this long, where the rules leave another choice. */
const SUSPECT_MS = 60_000
const MAX_SUSPECTS = 256

interface Suspect {
  failures: number
  until: number
}

/**
 * Nodes that took part in circuits that failed. A client cannot tell which hop of a failed circuit was at fault, so all
 * are suspects until a circuit through them works; whoever fails again and again comes first.
 */
export class SuspectList {
  readonly #suspects = new Map<string, Suspect>()

  blame(identities: readonly string[], now: number): void {
    for (const identity of identities) {
      const failures = (this.#suspects.get(identity)?.failures ?? 0) + 1
      this.#suspects.delete(identity)
      this.#suspects.set(identity, { failures, until: now + SUSPECT_MS })
    }
    for (const identity of this.#suspects.keys()) {
      if (this.#suspects.size <= MAX_SUSPECTS) break
      this.#suspects.delete(identity)
    }
  }

  clear(identities: readonly string[]): void {
    for (const identity of identities) this.#suspects.delete(identity)
  }

  /** Most suspicious first. */
  list(now: number): string[] {
    for (const [identity, { until }] of this.#suspects) if (until <= now) this.#suspects.delete(identity)
    return [...this.#suspects].sort(([, a], [, b]) => b.failures - a.failures).map(([identity]) => identity)
  }
}
