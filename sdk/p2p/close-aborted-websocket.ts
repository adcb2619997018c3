import type { UpgradeHook } from './upgrade-hook.ts'

/** What this needs of @libp2p/websockets' connection, whose types are not exported. */
interface WebSocketConnection {
  readonly websocket?: Pick<WebSocket, 'close'>
  sendReset?(): void
}

/**
 * Close the socket of an aborted connection.
 *
 * Upstream defect (@libp2p/websockets 10.1): an abort calls `websocket.close(1006)`. 1006 must not be sent (RFC 6455
 * 7.4.1) and both browsers and `ws` throw instead; the error is swallowed and the socket stays open, on both ends.
 */
export const closeAbortedWebSocket: UpgradeHook = connection => {
  const inner = connection as WebSocketConnection
  const { websocket } = inner
  if (websocket === undefined || inner.sendReset === undefined) return
  inner.sendReset = () => websocket.close()
}
