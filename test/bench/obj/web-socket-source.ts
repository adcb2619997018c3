import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

const MESSAGE = new Uint8Array(65_536).fill(7)
/** What may wait in a socket: enough to keep it busy. */
const MAX_BUFFERED = 2 ** 20

/** What a plain download over WebSocket costs: a server that sends as many bytes as it is asked for, in messages of 64 KiB. */
export async function startWebSocketSource(stack: AsyncDisposableStack): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  stack.defer(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  server.on('connection', socket => {
    socket.once('message', data => void send(socket, Number(String(data))))
  })
  await once(server, 'listening')
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function send(socket: WebSocket, bytes: number): Promise<void> {
  for (let left = bytes; left > 0 && socket.readyState === socket.OPEN; left -= MESSAGE.length) {
    const message = MESSAGE.subarray(0, Math.min(left, MESSAGE.length))
    const taken = new Promise(resolve => socket.send(message, resolve))
    if (socket.bufferedAmount > MAX_BUFFERED) await taken
  }
}
