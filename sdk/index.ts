export { type Craftec, createCraftec } from './craftec.ts'
export type { CraftecObj } from './craftec-obj.ts'
export type { CraftecOptions, KernelUrls, ObjWish, RelayWish } from './craftec-options.ts'
export type { CraftecSettlement, PlanRequest, WalletWish } from './craftec-settlement.ts'
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
  NetWebSocket,
  NetWebSocketEventMap,
  NetWebSocketInit,
  RelayStats,
  TlsConnection,
  TlsEngine,
  WebSocketChannel,
  WebSocketCloseEvent,
  WebSocketCloseInfo,
  WebSocketErrorEvent
} from './net/index.ts'
export type { ObjEngines } from './start-obj.ts'
