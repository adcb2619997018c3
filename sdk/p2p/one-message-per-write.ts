import type { UpgradeHook } from './upgrade-hook.ts'

/** What this needs of @libp2p/websockets' connection: the list of byte arrays that one write consists of. */
interface ByteList {
  readonly byteLength: number
  subarray(): Uint8Array
  consume(bytes: number): void
  append(bytes: Uint8Array): void
}
interface WebSocketConnection {
  readonly websocket?: WebSocket
  sendData?(data: ByteList): unknown
}

/** Longer writes are rare (what piled up while the socket was full) and not worth the copy. */
const MAX_JOINED_BYTES = 256 * 1024

/**
 * Send what libp2p writes at once as one WebSocket message.
 *
 * Upstream habit (@libp2p/websockets 10.1): every array of a write becomes a message of its own, and Noise writes each of
 * its messages as two arrays, the length of two bytes and the rest. Half of all messages would then carry two bytes.
 */
export const oneMessagePerWrite: UpgradeHook = connection => {
  const inner = connection as WebSocketConnection
  const sendData = inner.sendData?.bind(connection)
  if (inner.websocket === undefined || sendData === undefined) return
  inner.sendData = data => {
    if (data.byteLength <= MAX_JOINED_BYTES) {
      const joined = data.subarray() // copies only when there are several
      data.consume(data.byteLength)
      data.append(joined)
    }
    return sendData(data)
  }
}
