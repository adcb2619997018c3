/** From a URL to a WebSocket that is open: a stream through a circuit, TLS, and the opening handshake. */
import { type Clock, type RandomBytes, withDeadline } from '../../async/index.ts'
import { CraftecError, type ErrorCode } from '../../errors/index.ts'
import {
  type HopCount,
  type OpenedStream,
  type OpenStream,
  requestHeaders,
  securedStream,
  type TlsEngine,
  urlTarget
} from '../fetch/index.ts'
import { type AnswerHead, AnswerHeadReader, type ByteDuplex, encodeRequestHead } from '../http/index.ts'
import { checkAnswer, createOpening, type WebSocketOpening } from './opening-handshake.ts'
import { openChannel, type WebSocketChannel } from './web-socket-channel.ts'
import type { WebSocketRequest } from './web-socket-options.ts'

export interface WebSocketDialer {
  readonly openStream: OpenStream
  readonly defaultHops: HopCount
  readonly tls: TlsEngine
  readonly clock: Clock
  readonly random: RandomBytes
  /** Ends every WebSocket that was opened. */
  readonly life: AbortSignal
}

/** The way failed, not the target and not the caller; nothing but an opening handshake was sent. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['link-closed', 'link-failed', 'circuit-destroyed'])
const MAX_RETRIES = 2

/**
 * @throws CraftecError what opening the stream and the TLS handshake throw; `timeout` | `aborted` | `websocket-refused` |
 *   `protocol-violation` | `http-malformed` | `limit-exceeded` | `link-closed`
 */
export async function openWebSocket(request: WebSocketRequest, dialer: WebSocketDialer): Promise<WebSocketChannel> {
  const { clock, life } = dialer
  const end = request.signal ? AbortSignal.any([request.signal, life]) : life
  const deadline = { signal: end, timeoutMs: request.timeoutMs, what: 'opening of the WebSocket', clock }
  return withDeadline(deadline, async signal => {
    for (let retries = 0; ; retries++) {
      try {
        return await attempt(request, dialer, signal, end)
      } catch (error) {
        if (signal.aborted) throw signal.reason
        const failure = CraftecError.from(error, 'link-closed')
        if (retries >= MAX_RETRIES || !RETRYABLE.has(failure.code)) throw failure
      }
    }
  })
}

/** @param signal ends the attempt. @param end ends the WebSocket */
async function attempt(
  request: WebSocketRequest,
  { openStream, defaultHops, tls, clock, random }: WebSocketDialer,
  signal: AbortSignal,
  end: AbortSignal
): Promise<WebSocketChannel> {
  const { url, hops = defaultHops, exit } = request
  const to = urlTarget(url)
  const stream = await openStream({ target: to.target, isolation: to.isolation, hops, exit, signal })
  const duplex = await securedStream(stream, to, tls, signal)
  try {
    const opening = await createOpening(request.protocols, random)
    const { head, rest } = await handshake(duplex, stream, openingHead(request, opening), signal)
    const protocol = checkAnswer(head, opening)
    signal.throwIfAborted()
    const { maxMessageBytes, idleTimeoutMs } = request
    return openChannel({
      path: stream.trace.path,
      duplex,
      firstBytes: rest,
      protocol,
      maxMessageBytes,
      idleTimeoutMs,
      signal: end,
      clock,
      random
    })
  } catch (error) {
    duplex.readable.cancel(error).catch(() => {})
    duplex.writable.abort(error).catch(() => {})
    throw error
  }
}

function openingHead({ url, headers }: WebSocketRequest, opening: WebSocketOpening): Uint8Array {
  return encodeRequestHead({
    method: 'GET',
    target: url.pathname + url.search,
    authority: url.host,
    headers: [...requestHeaders(headers), ...opening.headers],
    body: 'none',
    upgrade: 'websocket'
  })
}

async function handshake(
  duplex: ByteDuplex,
  { opened }: OpenedStream,
  request: Uint8Array,
  signal: AbortSignal
): Promise<{ readonly head: AnswerHead; readonly rest: Uint8Array }> {
  const writer = duplex.writable.getWriter()
  const reader = duplex.readable.getReader()
  const stop = (): void => void reader.cancel(signal.reason).catch(() => {})
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    // When the link fails, the reading side tells.
    writer.write(request).catch(() => {})
    const answer = new AnswerHeadReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) throw new CraftecError('link-closed', 'the target closed the connection without an answer')
      const parsed = answer.push(value)
      if (parsed) return parsed
    }
  } catch (error) {
    if (!signal.aborted) await opened // the exit's refusal says more than the reset that follows it
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
    writer.releaseLock()
    reader.releaseLock()
  }
}
