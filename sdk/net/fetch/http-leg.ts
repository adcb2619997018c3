/** One request and its answer over one stream: finds or opens the connection, and tries again where that is safe. */
import type { Clock } from '../../async/index.ts'
import { CraftecError, type ErrorCode } from '../../errors/index.ts'
import { type ConnectionPool, HttpConnection, type HttpExchange } from '../http/index.ts'
import type { FetchRequest } from './fetch-options.ts'
import type { OpenStream, StreamTrace } from './open-stream.ts'
import { requestHeaders } from './request-headers.ts'
import { securedStream, urlTarget } from './target-stream.ts'
import type { TlsEngine } from './tls-engine.ts'

export interface LegOptions {
  readonly openStream: OpenStream
  readonly pool: ConnectionPool<StreamTrace>
  readonly tls: TlsEngine
  readonly clock: Clock
}

export interface Leg {
  readonly exchange: HttpExchange
  readonly connection: HttpConnection
  readonly trace: StreamTrace
  readonly reused: boolean
  readonly streamMs: number
  readonly firstByteMs: number
  /** What the connection had carried before this exchange. */
  readonly before: { readonly bytesSent: number; readonly bytesReceived: number }
  readonly retries: number
}

/** Methods whose repetition changes nothing (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
/** The way failed, not the target and not the caller. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['link-closed', 'link-failed', 'circuit-destroyed'])
const MAX_RETRIES = 2

/**
 * A request that is not idempotent, or whose body is a stream, goes out at most once and never on a connection that was
 * used before: such a connection may be closing at that very moment, and nobody could tell whether the target acted.
 * @throws CraftecError what opening the stream, the TLS handshake and the exchange throw
 */
export async function runLeg(request: FetchRequest, signal: AbortSignal, options: LegOptions): Promise<Leg> {
  const repeatable = IDEMPOTENT.has(request.method) && request.body?.kind !== 'stream'
  for (let retries = 0; ; retries++) {
    try {
      const kept = repeatable && retries === 0 ? options.pool.take(poolKey(request)) : undefined
      return await attempt(request, signal, options, kept, retries)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      const failure = CraftecError.from(error, 'link-closed')
      if (!repeatable || retries >= MAX_RETRIES || !RETRYABLE.has(failure.code)) throw failure
    }
  }
}

/** All that keeps two requests apart. The isolation key is the origin of the target. */
export function poolKey({ url, hops, exit }: FetchRequest): string {
  return JSON.stringify([url.origin, hops, exit?.country ?? null, exit?.identity ?? null])
}

async function attempt(
  request: FetchRequest,
  signal: AbortSignal,
  options: LegOptions,
  kept: { connection: HttpConnection; tag: StreamTrace } | undefined,
  retries: number
): Promise<Leg> {
  const { clock } = options
  const connected = kept
    ? { connection: kept.connection, trace: reusedTrace(kept.tag), streamMs: () => 0 }
    : await connect(request, signal, options)
  const before = connected.connection.counters
  const sentAt = clock.monotonic()
  const exchange = await connected.connection.exchange(
    {
      method: request.method,
      target: request.url.pathname + request.url.search,
      authority: request.url.host,
      headers: requestHeaders(request.headers),
      body: request.body
    },
    signal
  )
  return {
    exchange,
    connection: connected.connection,
    trace: connected.trace,
    reused: kept !== undefined,
    streamMs: connected.streamMs(),
    firstByteMs: clock.monotonic() - sentAt,
    before,
    retries: retries + connected.trace.retries
  }
}

async function connect(
  request: FetchRequest,
  signal: AbortSignal,
  { openStream, tls, clock }: LegOptions
): Promise<{ connection: HttpConnection; trace: StreamTrace; streamMs: () => number }> {
  const { url, hops, exit } = request
  const to = urlTarget(url)
  const stream = await openStream({ target: to.target, isolation: to.isolation, hops, exit, signal })
  const startedAt = clock.monotonic()
  let streamMs = 0
  const duplex = await securedStream(stream, to, tls, signal)
  const connection = new HttpConnection(duplex)
  const opened = stream.opened.then(() => {
    streamMs = clock.monotonic() - startedAt
  })
  // The exit's refusal says more than the reset that follows it.
  opened.catch(error => connection.close(error))
  return { connection, trace: stream.trace, streamMs: () => streamMs }
}

/** Nothing had to be waited for. */
function reusedTrace(trace: StreamTrace): StreamTrace {
  return { ...trace, directoryMs: 0, circuitMs: 0, retries: 0 }
}
