/** What happens between a node that takes a transaction and the block it ends in: nothing, or what a test wants to see survived. */
import type { Ledger, WireTransaction } from './ledger/index.ts'

export const DELIVERIES = ['at once', 'held', 'dropped'] as const
export type DeliveryMode = (typeof DELIVERIES)[number]

const MAX_HELD = 1000

export class Delivery {
  private readonly ledger: Ledger
  private mode: DeliveryMode = 'at once'
  private held: WireTransaction[] = []

  constructor(ledger: Ledger) {
    this.ledger = ledger
  }

  /**
   * - `at once`: the next block has it; those that were held are delivered now, in their order, if their blockhash is still valid
   * - `held`: it waits; beyond 1,000 that wait, it is lost
   * - `dropped`: it is lost, as a leader under load loses it. The sender is not told
   */
  setMode(mode: DeliveryMode): void {
    this.mode = mode
    if (mode !== 'at once') return
    const waiting = this.held
    this.held = []
    for (const transaction of waiting) this.ledger.send(transaction)
  }

  take(transaction: WireTransaction): void {
    if (this.mode === 'at once') this.ledger.send(transaction)
    else if (this.mode === 'held' && this.held.length < MAX_HELD) this.held.push(transaction)
  }
}
