import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { cryptoEngine, TAG_BYTES } from '../../../sdk/crypto/index.ts'
import { nonceOf, SEALED_BYTES, SEALED_KEY, SEALED_PATH } from './sealed-messages.ts'

const MESSAGE = new Uint8Array(65_536).fill(7)
const NO_AAD = new Uint8Array(0)
/** What may wait in a socket: enough to keep it busy. */
const MAX_BUFFERED = 2 ** 20

/**
 * What a plain download over WebSocket costs: a server that sends as many bytes as it is asked for, in messages of 64 KiB; or, at
 * {@link SEALED_PATH}, in messages that are sealed one by one.
 */
export async function startWebSocketSource(stack: AsyncDisposableStack): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  stack.defer(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  server.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    const packing = request.url === SEALED_PATH ? sealed() : PLAIN
    socket.once('message', data => void send(socket, Number(String(data)), packing))
  })
  await once(server, 'listening')
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

interface Packing {
  /** Of content in a message. */
  readonly bytes: number
  pack(content: Uint8Array): Uint8Array
}

const PLAIN: Packing = { bytes: MESSAGE.length, pack: content => content }

function sealed(): Packing {
  let number = 0
  return {
    bytes: SEALED_BYTES,
    pack: content => {
      const message = new Uint8Array(content.length + TAG_BYTES)
      message.set(content)
      const [data, tag] = [message.subarray(0, content.length), message.subarray(content.length)]
      cryptoEngine().aeadSealInPlace(SEALED_KEY, nonceOf(number++), data, tag, NO_AAD)
      return message
    }
  }
}

async function send(socket: WebSocket, bytes: number, { bytes: most, pack }: Packing): Promise<void> {
  for (let left = bytes; left > 0 && socket.readyState === socket.OPEN; left -= most) {
    const message = pack(MESSAGE.subarray(0, Math.min(left, most)))
    const taken = new Promise(resolve => socket.send(message, resolve))
    if (socket.bufferedAmount > MAX_BUFFERED) await taken
  }
}
