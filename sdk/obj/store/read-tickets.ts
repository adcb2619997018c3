interface Freed {
  readonly ticket: number
  readonly release: () => void
}

/**
 * Lets a slot be used again only when every read that may have looked up its address has ended. A read takes a ticket before its
 * look-up; what is freed later waits for it.
 */
export class ReadTickets {
  /** Oldest first: a Set keeps the order of insertion. */
  readonly #active = new Set<number>()
  readonly #waiting: Freed[] = []
  #next = 0

  async reading<T>(task: () => Promise<T>): Promise<T> {
    const ticket = this.#next++
    this.#active.add(ticket)
    try {
      return await task()
    } finally {
      this.#active.delete(ticket)
      this.#settle()
    }
  }

  /** Call `release` when all reads that run now have ended. */
  afterReads(release: () => void): void {
    this.#waiting.push({ ticket: this.#next, release })
    this.#settle()
  }

  #settle(): void {
    const [oldest = Number.POSITIVE_INFINITY] = this.#active
    for (const freed of [...this.#waiting]) {
      if (freed.ticket > oldest) break
      this.#waiting.shift()
      freed.release()
    }
  }
}
