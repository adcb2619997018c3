/** What one relay takes on. All of it is refused, and counted, beyond these bounds. */
export interface RelayLimits {
  readonly maxCircuits: number
  readonly maxCircuitsPerLink: number
  /** CREATE cells per link: in the long run, and at once. */
  readonly createsPerSecond: number
  readonly createBurst: number
  /** Bytes in all queues: above it the fullest circuits are ended, above half of it no circuit is taken. */
  readonly maxQueuedBytes: number
  readonly maxStreamsPerCircuit: number
  /** Create packets remembered per onion key; 3/4 of it asks for a new key, all of it refuses circuits. */
  readonly maxReplayTags: number
  /** Neighbours being dialled at once. */
  readonly maxDials: number
  /** From CREATE to CREATED, dialling the next hop included. */
  readonly halfBuiltMs: number
  /** Without a RELAY cell in either direction. Clients keep circuits with open streams alive. */
  readonly idleMs: number
  /**
   * While draining, circuits that pass on cells for others end after this long without one: a relay in the middle does not see whether
   * a stream is open, and a spare circuit would hold it up for nothing.
   */
  readonly drainIdleMs: number
}

export const DEFAULT_RELAY_LIMITS: RelayLimits = {
  maxCircuits: 8192,
  maxCircuitsPerLink: 4096,
  createsPerSecond: 50,
  createBurst: 200,
  maxQueuedBytes: 128 * 1024 * 1024,
  maxStreamsPerCircuit: 128,
  maxReplayTags: 1 << 18,
  maxDials: 64,
  halfBuiltMs: 15_000,
  idleMs: 300_000,
  drainIdleMs: 5_000
}
