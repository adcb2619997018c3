export {
  createWebTransportListener,
  DEFAULT_WEBTRANSPORT_LIMITS,
  type WebTransportListenerOptions,
  type WebTransportSupport,
  type WebTransportTransportFactory
} from './libp2p/create-webtransport-listener.ts'
export type { WebTransportServerLimits, WebTransportServerStats } from './web-transport-server.ts'
