/** Bytes that all circuits of a node hold in queues together. One per node; circuits take and give back. */
export class ByteBudget {
  readonly limit: number
  private held = 0

  /** @param limit bytes; above it the node must shed circuits, above half of it the node takes no new ones */
  constructor(limit: number) {
    this.limit = limit
  }

  get used(): number {
    return this.held
  }

  get underPressure(): boolean {
    return this.held > this.limit / 2
  }

  get exceeded(): boolean {
    return this.held > this.limit
  }

  /** `bytes` more, or (negative) fewer, are held. */
  add(bytes: number): void {
    this.held += bytes
  }
}
