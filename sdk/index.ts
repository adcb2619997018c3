export { type Craftec, createCraftec } from './craftec.ts'
export type { CraftecOptions } from './craftec-options.ts'
export { CraftecError, type CraftecErrorOptions, ERROR_CODES, type ErrorCode, type ErrorWire } from './errors/index.ts'
export type { Did, Identity, PeerId } from './identity/index.ts'
export type {
  ByteDuplex,
  CircuitInfo,
  ConnectOptions,
  Descriptor,
  ExitRule,
  ExplainedHop,
  Explanation,
  HopCount,
  NetClient,
  NetFetchInit,
  NetState,
  TlsConnection,
  TlsEngine
} from './net/index.ts'
