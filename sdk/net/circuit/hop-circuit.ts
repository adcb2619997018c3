import type { DestroyReason } from './destroy-reason.ts'
import type { RelayCounters } from './relay-counters.ts'

/** A circuit as a relay sees it: passed on to the next hop, or ending here. */
export interface HopCircuit {
  readonly isOpen: boolean
  readonly bornMs: number
  /** Coarse: moves with the relay's ticks. */
  lastCellMs: number
  readonly queuedBytes: number
  /** End it on both sides. Idempotent. */
  destroy(reason: DestroyReason): void
}

/** What a circuit needs of the relay it runs through. */
export interface CircuitHost {
  readonly counters: RelayCounters
  /** Milliseconds, monotonic. */
  readonly nowMs: () => number
  /** Time of the last tick. */
  readonly tickMs: number
  hold(bytes: number): void
  forget(circuit: HopCircuit): void
}
