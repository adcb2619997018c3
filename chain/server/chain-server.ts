/** HTTP and WebSocket in front of the RPC methods, on 127.0.0.1 only. */
import { createServer, type Server } from 'node:http'
import { type Clock, RequestBudget } from '../../sdk/async/index.ts'
import { type Answer, type AnswerOptions, answerRequest, type RpcContext, type SubscriptionHost } from '../rpc/index.ts'
import { httpEndpoint } from './http-endpoint.ts'
import { listenOnPortPair } from './port-pair.ts'
import { SocketEndpoint } from './socket-endpoint.ts'

export interface ChainServerOptions {
  readonly context: Omit<RpcContext, 'subscriptions'>
  /** WebSocket is on this port and on the next. 0 picks a free pair. */
  readonly port: number
  readonly testMethods: boolean
  /** From all clients together; twice as many may come at once. */
  readonly requestsPerSecond: number
  readonly clock: Clock
  /** Told what should never happen; the client learns no more than that it did. */
  readonly onDefect: (error: unknown) => void
}

export interface ChainServer {
  readonly port: number
  stop(): Promise<void>
}

/** A program in base64 is the longest thing that anyone has to send. */
const MAX_REQUEST_BYTES = 1024 * 1024
const MAX_BATCH = 100
const MAX_CONNECTIONS = 256
/** All clients are this machine: one runaway page is what the rate is for, so they share it. */
const EVERYONE = 'everyone'
const REQUEST_TIMEOUT_MS = 10_000
const KEEP_ALIVE_MS = 75_000

/** @throws CraftecError `config-invalid` when the port, or the one after it, cannot be listened on */
export async function startChainServer(options: ChainServerOptions): Promise<ChainServer> {
  const { clock, requestsPerSecond } = options
  const budget = new RequestBudget({ perSecond: requestsPerSecond, burst: 2 * requestsPerSecond }, 1)
  const answering: AnswerOptions = {
    testMethods: options.testMethods,
    maxBatch: MAX_BATCH,
    admit: () => budget.take(EVERYONE, clock.monotonic()),
    onDefect: options.onDefect
  }
  const answer = (text: string, subscriptions?: SubscriptionHost): Promise<Answer> =>
    answerRequest(text, { ...options.context, subscriptions }, answering)
  const sockets = new SocketEndpoint({
    ledger: options.context.ledger,
    maxRequestBytes: MAX_REQUEST_BYTES,
    answer
  })
  const onRequest = httpEndpoint({ maxRequestBytes: MAX_REQUEST_BYTES, answer: text => answer(text) })
  const makeServer = (): Server => {
    const timeouts = {
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      // longer than clients keep idle connections: else a request now and then meets one that is being closed
      keepAliveTimeout: KEEP_ALIVE_MS
    }
    const server = createServer(timeouts, onRequest)
    server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head))
    server.maxConnections = MAX_CONNECTIONS
    return server
  }
  const pair = await listenOnPortPair(makeServer, options.port)
  return {
    port: pair.port,
    async stop() {
      sockets.close()
      await pair.close()
    }
  }
}
