/**
 * `fetch` over onion circuits: the Fetch standard's semantics as far as they mean something without a browser's policy
 * around them, on HTTP/1.1. Nothing here can reach the network but through `openStream`.
 */
import { type Clock, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { ConnectionPool, decodeContent } from '../http/index.ts'
import { type Explanation, ExplanationBook } from './explanation.ts'
import { type FetchRequest, type NetFetchInit, readFetchRequest } from './fetch-options.ts'
import { guardedBody } from './guarded-body.ts'
import { type Leg, poolKey, runLeg } from './http-leg.ts'
import type { OpenStream, StreamTrace } from './open-stream.ts'
import type { HopCount } from './path-rules.ts'
import { NULL_BODY_STATUS, realResponse } from './real-response.ts'
import { followRedirect } from './redirect.ts'
import type { TlsEngine } from './tls-engine.ts'
import { createTls13Engine } from './tls13-engine.ts'

export interface NetFetchOptions {
  readonly openStream: OpenStream
  readonly defaultHops: HopCount
  readonly clock: Clock
  /** Ends TLS in this runtime. Default: {@link createTls13Engine}. */
  readonly tls?: TlsEngine | undefined
}

export class NetFetch {
  readonly #options: NetFetchOptions
  readonly #tls: TlsEngine
  readonly #book = new ExplanationBook()
  readonly #pool: ConnectionPool<StreamTrace>

  constructor(options: NetFetchOptions) {
    this.#options = options
    this.#tls = options.tls ?? createTls13Engine()
    this.#pool = new ConnectionPool(options.clock)
  }

  /**
   * @param init see {@link NetFetchInit}
   * @returns a real `Response` whose body streams. Read or cancel every body: an unread one holds its stream open
   * @throws CraftecError `unknown-option` | `invalid-argument` | `unsupported` | `insecure-url` | `timeout` | `aborted` |
   *   `directory-empty` | `no-path` | `circuit-failed` | `circuit-destroyed` | `exit-refused` | `name-not-resolved` | `connect-failed` |
   *   `tls-failed` and the other `tls-…` | `http-malformed` | `limit-exceeded` | `redirect-failed` | `link-closed`; the body: `body-truncated` and the last few again
   */
  async fetch(input: string | URL | Request, init: NetFetchInit = {}): Promise<Response> {
    const request = await readFetchRequest(input, init, this.#options.defaultHops)
    const { clock } = this.#options
    const startedAt = clock.monotonic()
    const life = new AbortController()
    const deadline = { signal: request.signal, timeoutMs: request.timeoutMs, what: 'answer of the target', clock }
    try {
      return await withDeadline(deadline, signal => {
        signal.addEventListener('abort', () => life.abort(signal.reason), { once: true })
        return this.#follow(request, life, startedAt)
      })
    } catch (error) {
      life.abort(error)
      throw CraftecError.from(error)
    }
  }

  /** How `response` came about. @throws CraftecError `invalid-argument` for a response of something else */
  explain(response: Response): Explanation {
    return this.#book.explain(response)
  }

  /** Let go of idle connections, so that the next request opens a stream of its own. */
  closeIdle(): void {
    this.#pool.clear()
  }

  async #follow(first: FetchRequest, life: AbortController, startedAt: number): Promise<Response> {
    let request = first
    let retries = 0
    for (let redirects = 0; ; redirects++) {
      const leg = await runLeg(request, life.signal, { ...this.#options, tls: this.#tls, pool: this.#pool })
      retries += leg.retries
      const { status } = leg.exchange.head
      const next = followRedirect(request, { status, location: header(leg, 'location') }, redirects)
      if (!next) return this.#respond({ request, leg, redirects, retries, life, startedAt })
      this.#keepWhenFinished(request, leg)
      await leg.exchange.body.cancel()
      request = next
    }
  }

  #respond({ request, leg, redirects, retries, life, startedAt }: Answer): Response {
    const { clock } = this.#options
    const { head } = leg.exchange
    const url = new URL(request.url)
    url.hash = ''
    const headAt = clock.monotonic()
    let endAt: number | undefined
    let bodyBytes = 0
    let failure: CraftecError | undefined
    const explain = (): Explanation => ({
      path: leg.trace.path,
      hopRoundTripsMs: leg.trace.hopRoundTripsMs,
      circuitId: leg.trace.circuitId,
      circuitBuildMs: leg.trace.buildMs,
      reusedConnection: leg.reused,
      timing: {
        directoryMs: leg.trace.directoryMs,
        circuitMs: leg.trace.circuitMs,
        streamMs: leg.streamMs,
        firstByteMs: leg.firstByteMs,
        ...(endAt === undefined ? {} : { bodyMs: endAt - headAt, totalMs: endAt - startedAt })
      },
      bytes: {
        sent: leg.connection.counters.bytesSent - leg.before.bytesSent,
        received: leg.connection.counters.bytesReceived - leg.before.bytesReceived,
        body: bodyBytes
      },
      redirects,
      retries
    })
    const record = (response: Response): void => this.#book.record(response, explain)
    const hasBody = request.method !== 'HEAD' && !NULL_BODY_STATUS.has(head.status)
    const decoded = hasBody ? decodeContent(leg.exchange.body, header(leg, 'content-encoding')) : undefined
    const body =
      decoded &&
      guardedBody(decoded, {
        idleTimeoutMs: request.idleTimeoutMs,
        signal: request.signal,
        clock,
        onBytes: count => {
          bodyBytes += count
        },
        onEnd: error => {
          endAt = clock.monotonic()
          failure = error
          if (error) life.abort(error)
        }
      })
    this.#keepWhenFinished(request, leg)
    if (!body) {
      endAt = headAt
      void leg.exchange.body.cancel()
    }
    const response = realResponse(head, body ?? null, {
      url: url.href,
      redirected: redirects > 0,
      onClone: record,
      failure: () => failure
    })
    record(response)
    return response
  }

  #keepWhenFinished(request: FetchRequest, leg: Leg): void {
    void leg.exchange.finished.then(reusable => {
      if (reusable) this.#pool.put(poolKey(request), leg.connection, leg.trace)
    })
  }
}

interface Answer {
  readonly request: FetchRequest
  readonly leg: Leg
  readonly redirects: number
  readonly retries: number
  readonly life: AbortController
  readonly startedAt: number
}

/** All values of a header, as `Headers.get` joins them. */
function header(leg: Leg, name: string): string | null {
  const values = leg.exchange.head.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value)
  return values.length === 0 ? null : values.join(', ')
}
