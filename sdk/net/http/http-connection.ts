/**
 * One HTTP/1.1 connection over any byte duplex: one exchange at a time, answers streamed no faster than they are read.
 * It has no deadline of its own; whoever waits sets one (sdk/net/fetch).
 */
import { CraftecError } from '../../errors/index.ts'
import type { ByteDuplex } from './byte-duplex.ts'
import { HTTP_LIMITS, type HttpLimits } from './limits.ts'
import { type BodySource, bodyLength, writeBody } from './request-body-writer.ts'
import { encodeRequestHead, type RequestHead } from './request-head.ts'
import { type ResponseHead, ResponseParser } from './response-parser.ts'

export interface HttpRequest extends Omit<RequestHead, 'body'> {
  readonly body?: BodySource | undefined
}

export interface HttpExchange {
  readonly head: ResponseHead
  /** Framing removed, content codings not. Errors with `body-truncated`, `http-malformed` or what the link failed with. */
  readonly body: ReadableStream<Uint8Array>
  /** Never rejects. True: the answer and the upload are over, and the connection can carry another exchange. */
  readonly finished: Promise<boolean>
}

export interface ConnectionCounters {
  readonly bytesSent: number
  readonly bytesReceived: number
}

type State = 'idle' | 'busy' | 'closed'

export class HttpConnection {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #limits: HttpLimits
  #state: State = 'idle'
  #closedBy: CraftecError | undefined
  /** A read started while idle, so that a connection that dies in the pool is noticed there. */
  #early: Promise<ReadableStreamReadResult<Uint8Array>> | undefined
  #bytesSent = 0
  #bytesReceived = 0

  constructor(duplex: ByteDuplex, limits: HttpLimits = HTTP_LIMITS) {
    this.#reader = duplex.readable.getReader()
    this.#writer = duplex.writable.getWriter()
    this.#limits = limits
    this.#writer.closed.catch(() => {})
    this.#reader.closed.catch(() => {})
  }

  get idle(): boolean {
    return this.#state === 'idle'
  }

  get counters(): ConnectionCounters {
    return { bytesSent: this.#bytesSent, bytesReceived: this.#bytesReceived }
  }

  /**
   * Call `lost` once if the peer ends or speaks while nothing was asked. Only between exchanges.
   */
  watchIdle(lost: () => void): void {
    if (this.#state !== 'idle' || this.#early) return
    this.#early = this.#reader.read()
    const onEvent = (): void => {
      if (this.#state !== 'idle') return
      this.close()
      lost()
    }
    this.#early.then(onEvent, onEvent)
  }

  /**
   * Send one request and wait for the head of its answer. Any failure, and `signal` until the body has ended, closes the connection.
   * @throws CraftecError `invalid-argument` | `http-malformed` | `limit-exceeded` | `link-closed`, the link's own error, or the signal's reason
   */
  async exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpExchange> {
    if (this.#closedBy) throw this.#closedBy
    if (this.#state === 'busy') throw new CraftecError('internal', 'two exchanges at once on one connection')
    const head = encodeRequestHead({ ...request, body: bodyLength(request.body) })
    signal.throwIfAborted()
    this.#state = 'busy'
    const stop = (): void => this.close(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    const upload = this.#upload(head, request.body, signal)
    try {
      const parser = new ResponseParser(request.method, this.#limits)
      const first = await this.#readHead(parser)
      return this.#answer(parser, first, upload, () => signal.removeEventListener('abort', stop))
    } catch (error) {
      signal.removeEventListener('abort', stop)
      this.close(error)
      throw CraftecError.from(error, 'link-closed')
    }
  }

  /** End both directions now. Idempotent. */
  close(reason?: unknown): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    const why = CraftecError.from(
      reason ?? new CraftecError('link-closed', 'the connection was closed by the client'),
      'aborted'
    )
    this.#closedBy = why
    this.#reader.cancel(why).catch(() => {})
    this.#writer.abort(why).catch(() => {})
  }

  #upload(head: Uint8Array, body: BodySource | undefined, signal: AbortSignal): Upload {
    const upload: Upload = { done: false }
    let linkError: CraftecError | undefined
    const write = async (bytes: Uint8Array, last: boolean): Promise<void> => {
      try {
        // Waiting for `ready` first keeps one write in flight: the caller's stream is read no faster than the link takes it.
        await this.#writer.ready
        const written = this.#writer.write(bytes)
        this.#bytesSent += bytes.length
        // The link has it all; the answer may come before the link says so.
        if (last) upload.done = true
        await written
      } catch (error) {
        linkError = CraftecError.from(error, 'link-closed')
        throw linkError
      }
    }
    const send = async (): Promise<void> => {
      await write(head, bodyLength(body) === 'none' || bodyLength(body) === 0)
      if (body) await writeBody(body, write, signal)
    }
    // When the link fails, the reading side tells: a server may answer early, stop reading, and still be worth listening to.
    send().catch(error => {
      if (error instanceof CraftecError && error !== linkError) this.close(error)
    })
    return upload
  }

  async #read(): Promise<Uint8Array | undefined> {
    const reading = this.#early ?? this.#reader.read()
    this.#early = undefined
    const { done, value } = await reading
    // Cancelling a reader makes its pending read end as if the peer had closed.
    if (this.#closedBy) throw this.#closedBy
    if (done) return undefined
    this.#bytesReceived += value.length
    return value
  }

  async #readHead(parser: ResponseParser): Promise<FirstPiece> {
    for (;;) {
      const input = await this.#read()
      if (!input) parser.end()
      const piece = input && parser.push(input)
      if (piece?.head) return { ...piece, head: piece.head }
    }
  }

  #answer(parser: ResponseParser, first: FirstPiece, upload: Upload, release: () => void): HttpExchange {
    let settle = (_reusable: boolean): void => {}
    const finished = new Promise<boolean>(resolve => {
      settle = resolve
    })
    const end = (clean: boolean, error?: unknown): void => {
      release()
      const reusable = clean && upload.done && first.head.keepAlive && this.#state === 'busy'
      if (reusable) this.#state = 'idle'
      else this.close(error)
      settle(reusable)
    }
    const body = this.#body(parser, first, end)
    return { head: first.head, body, finished }
  }

  #body(
    parser: ResponseParser,
    first: FirstPiece,
    end: (clean: boolean, error?: unknown) => void
  ): ReadableStream<Uint8Array> {
    const deliver = (
      controller: ReadableStreamDefaultController<Uint8Array>,
      piece: { body: readonly Uint8Array[]; done: boolean; surplus: boolean }
    ): boolean => {
      const bytes = joined(piece.body)
      if (bytes.length > 0) controller.enqueue(bytes)
      if (!piece.done) return bytes.length > 0
      controller.close()
      end(!piece.surplus)
      return true
    }
    return new ReadableStream<Uint8Array>(
      {
        start: controller => {
          deliver(controller, first)
        },
        pull: async controller => {
          try {
            for (;;) {
              const input = await this.#read()
              if (!input) {
                parser.end()
                controller.close()
                return end(false)
              }
              if (deliver(controller, parser.push(input))) return
            }
          } catch (error) {
            end(false, error)
            throw CraftecError.from(error, 'link-closed')
          }
        },
        cancel: reason => end(false, reason)
      },
      { highWaterMark: 0 }
    )
  }
}

interface Upload {
  done: boolean
}

interface FirstPiece {
  readonly head: ResponseHead
  readonly body: readonly Uint8Array[]
  readonly done: boolean
  readonly surplus: boolean
}

/** One array for all that one piece of input brought: a peer that sends one byte a chunk makes no more work than another. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  if (only && parts.length === 1) return only
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
