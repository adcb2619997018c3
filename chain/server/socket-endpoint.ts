import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Ledger } from '../ledger/index.ts'
import type { Answer, SubscriptionHost } from '../rpc/index.ts'
import { Subscriptions } from '../subscriptions/index.ts'
import { localAccess } from './local-access.ts'

export interface SocketEndpointOptions {
  readonly ledger: Ledger
  readonly maxRequestBytes: number
  readonly answer: (text: string, subscriptions: SubscriptionHost) => Promise<Answer>
}

const MAX_SOCKETS = 64
const MAX_SUBSCRIPTIONS = 1000
/** A client that asks faster than it is answered is cut off, instead of its questions piling up. */
const MAX_PENDING = 256
/** As is one that does not read what it asked for. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024
/** Close codes (RFC 6455, section 7.4.1, and its registry). */
const GOING_AWAY = 1001
const UNSUPPORTED_DATA = 1003
const TRY_AGAIN_LATER = 1013

/** JSON-RPC and notifications over WebSocket. */
export class SocketEndpoint {
  private readonly server: WebSocketServer
  private readonly options: SocketEndpointOptions
  private lastSubscription = 0

  constructor(options: SocketEndpointOptions) {
    this.options = options
    this.server = new WebSocketServer({ noServer: true, maxPayload: options.maxRequestBytes })
    this.server.on('connection', socket => this.serve(socket))
  }

  /** Handle an `upgrade` event of an HTTP server. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.refusalOf(request)
    if (refusal !== undefined) socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\n\r\n`)
    else this.server.handleUpgrade(request, socket, head, client => this.server.emit('connection', client, request))
  }

  close(): void {
    for (const client of this.server.clients) {
      client.close(GOING_AWAY, 'the chain stops')
      client.terminate()
    }
  }

  private refusalOf(request: IncomingMessage): string | undefined {
    if (!localAccess(request.headers).allowed) return '403 Forbidden'
    return this.server.clients.size >= MAX_SOCKETS ? '503 Service Unavailable' : undefined
  }

  private serve(socket: WebSocket): void {
    const send = (text: string): void => {
      if (socket.readyState !== socket.OPEN) return
      if (socket.bufferedAmount > MAX_UNREAD_BYTES) socket.close(TRY_AGAIN_LATER, 'what was sent is not read')
      else socket.send(text)
    }
    const subscriptions = new Subscriptions({
      ledger: this.options.ledger,
      max: MAX_SUBSCRIPTIONS,
      send,
      nextId: () => {
        this.lastSubscription += 1
        return this.lastSubscription
      }
    })
    let pending = 0
    const onMessage = async (data: RawData): Promise<void> => {
      pending += 1
      const { text } = await this.options.answer(String(data), subscriptions)
      pending -= 1
      if (text !== undefined) send(text)
    }
    socket.on('close', () => subscriptions.close())
    // A broken frame closes the connection by itself; without a listener it would end the process.
    socket.on('error', () => socket.terminate())
    socket.on('message', (data, isBinary) => {
      if (isBinary) socket.close(UNSUPPORTED_DATA, 'JSON text expected')
      else if (pending >= MAX_PENDING) socket.close(TRY_AGAIN_LATER, 'too many questions at once')
      else void onMessage(data)
    })
  }
}
