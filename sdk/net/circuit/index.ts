export { ONION_PROTOCOL } from './cell.ts'
export { ClientCircuit, type ClientCircuitListener, type ClientCircuitOptions } from './client-circuit.ts'
export {
  circuitError,
  DESTROY,
  type DestroyReason,
  RESET,
  type ResetReason,
  resetReasonFor
} from './destroy-reason.ts'
export { LinkCore, type LinkCoreOptions, type LinkCounters } from './link-core.ts'
export { type MuxStream, type MuxStreamListener, STREAM_WINDOW_BYTES } from './mux-stream.ts'
export { RelayCore, type RelayCoreOptions, type RelayEffect, type RelayEvent } from './relay-core.ts'
export type { RelayCounters } from './relay-counters.ts'
export { DEFAULT_RELAY_LIMITS, type RelayLimits } from './relay-limits.ts'
export type { StreamTarget } from './stream-message.ts'
