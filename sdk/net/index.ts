export {
  type CircuitInfo,
  type ClientRelay,
  type ClientRelayOptions,
  type ClientStore,
  type ConnectOptions,
  isLocalNetwork,
  memoryClientStore,
  NetClient,
  type NetClientOptions,
  type NetState,
  openClientStore,
  startClientRelay
} from './client/index.ts'
export {
  type AnnounceResult,
  announceDescriptor,
  bootstrapSources,
  type Descriptor,
  type DescriptorRoles,
  DIRECTORY_PROTOCOL,
  Directory,
  type DirectoryOptions,
  type DirectoryView,
  decodeDescriptor,
  directoryNodes,
  encodeDescriptor,
  type PortRange,
  participateInDirectory,
  type ServeDirectoryOptions,
  type SyncResult,
  serveDirectory,
  storageNodes,
  syncDirectory
} from './directory/index.ts'
export type {
  ExitRule,
  ExplainedHop,
  Explanation,
  HopCount,
  NetFetchInit,
  PathRules,
  StreamTarget,
  Tls13Options,
  TlsConnection,
  TlsEngine
} from './fetch/index.ts'
export { createTls13Engine, realResponse } from './fetch/index.ts'
export type { ByteDuplex } from './http/index.ts'
export {
  type CircuitClient,
  type CircuitHandle,
  type CircuitPath,
  type CircuitStream,
  createCircuitClient,
  type ExitBackend,
  type NetRelay,
  type NetRelayOptions,
  OnionLinks,
  type RelayDescription,
  type RelayStats,
  startNetRelay
} from './node/index.ts'
export {
  checkCloseInfo,
  NetWebSocket,
  type NetWebSocketEventMap,
  type NetWebSocketInit,
  type NetWebSocketSource,
  readWebSocketRequest,
  type WebSocketChannel,
  WebSocketCloseEvent,
  type WebSocketCloseInfo,
  WebSocketErrorEvent
} from './websocket/index.ts'
