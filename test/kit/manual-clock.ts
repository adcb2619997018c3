import type { Clock } from '../../sdk/async/index.ts'

/** Time that passes when the test says so. */
export class ManualClock implements Clock {
  #nowMs = 1_700_000_000_000
  readonly #timers = new Set<{ at: number; task: () => void }>()

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#nowMs
  }

  after(delayMs: number, task: () => void): () => void {
    const timer = { at: this.#nowMs + delayMs, task }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Timers that come due fire in order, each at its own time. */
  advance(byMs: number): void {
    const end = this.#nowMs + byMs
    for (;;) {
      const next = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#timers.delete(next)
      this.#nowMs = next.at
      next.task()
    }
    this.#nowMs = end
  }
}
