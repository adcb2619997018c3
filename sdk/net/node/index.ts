export {
  type BuildOptions,
  type CircuitClient,
  type CircuitClientOptions,
  type CircuitHandle,
  type CircuitPath,
  createCircuitClient
} from './circuit-client.ts'
export type { ExitBackend } from './exit-backend.ts'
export { type NetRelay, type NetRelayOptions, type RelayStats, startNetRelay } from './net-relay.ts'
export { OnionLinks, type OnionLinksOptions } from './onion-links.ts'
export type { OpenStreamOptions } from './open-circuit-stream.ts'
export type { RelayDescription } from './own-descriptor.ts'
export type { CircuitStream } from './stream-duplex.ts'
