import { type Clock, systemClock } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { ExplainedHop } from '../fetch/index.ts'
import { checkCloseInfo, type WebSocketCloseInfo } from './close-info.ts'
import { sendable } from './send-data.ts'
import type { WebSocketChannel } from './web-socket-channel.ts'
import { type NetWebSocketEventMap, WebSocketCloseEvent, WebSocketErrorEvent } from './web-socket-events.ts'

export interface NetWebSocketSource {
  readonly url: URL
  /** Opens it; `signal` ends it, before and after. */
  readonly open: (signal: AbortSignal) => Promise<WebSocketChannel>
  readonly clock?: Clock
}

type Handler<Type extends keyof NetWebSocketEventMap> = ((event: NetWebSocketEventMap[Type]) => unknown) | null

const CONNECTING = 0
const OPEN = 1
const CLOSING = 2
const CLOSED = 3

/** What may wait to be sent; a caller that sends faster than the path takes it must look at `bufferedAmount`. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024
/** From `close()` on, for what waits to be sent and for the closing handshake. */
const CLOSE_TIMEOUT_MS = 10_000
/** Closed without a Close frame (RFC 6455 §7.1.5). */
const ABNORMAL = { code: 1006, reason: '', wasClean: false } as const

/**
 * Shaped like the browser's `WebSocket`, over a circuit. Where it differs: errors are typed ({@link error}, and `error` of the error
 * event); `send` throws `limit-exceeded` when 64 MiB wait instead of ending the connection; calls throw CraftecError, not DOMException.
 */
export class NetWebSocket extends EventTarget {
  static readonly CONNECTING = CONNECTING
  static readonly OPEN = OPEN
  static readonly CLOSING = CLOSING
  static readonly CLOSED = CLOSED
  readonly CONNECTING = CONNECTING
  readonly OPEN = OPEN
  readonly CLOSING = CLOSING
  readonly CLOSED = CLOSED
  readonly url: string
  /** Always '': compression of what is encrypted tells its length apart. */
  readonly extensions = ''
  binaryType: 'blob' | 'arraybuffer' = 'blob'
  readonly #origin: string
  readonly #clock: Clock
  readonly #ending = new AbortController()
  readonly #handlers = new Map<keyof NetWebSocketEventMap, (event: never) => unknown>()
  #readyState: 0 | 1 | 2 | 3 = CONNECTING
  #channel: WebSocketChannel | undefined
  #writer: WritableStreamDefaultWriter<string | Uint8Array> | undefined
  #buffered = 0
  #sending: Promise<unknown> = Promise.resolve()
  #cancelClosing = (): void => {}
  #error: CraftecError | undefined

  constructor({ url, open, clock = systemClock }: NetWebSocketSource) {
    super()
    this.url = url.href
    this.#origin = url.origin
    this.#clock = clock
    void this.#live(open)
  }

  get readyState(): 0 | 1 | 2 | 3 {
    return this.#readyState
  }

  /** Bytes given to {@link send} that the path has not taken yet. */
  get bufferedAmount(): number {
    return this.#buffered
  }

  /** The subprotocol the server chose; '' for none, and until it is open. */
  get protocol(): string {
    return this.#channel?.protocol ?? ''
  }

  /** Who carries it, from the first relay to the exit; empty until it is open. */
  get path(): readonly ExplainedHop[] {
    return this.#channel?.path ?? []
  }

  /** Why it failed, if it did. */
  get error(): CraftecError | undefined {
    return this.#error
  }

  get onopen(): Handler<'open'> {
    return this.#handler('open')
  }
  set onopen(handler: Handler<'open'>) {
    this.#setHandler('open', handler)
  }
  get onmessage(): Handler<'message'> {
    return this.#handler('message')
  }
  set onmessage(handler: Handler<'message'>) {
    this.#setHandler('message', handler)
  }
  /** Called with a {@link WebSocketErrorEvent}; typed as the browser's, so that this is a `WebSocket` for whoever takes one. */
  get onerror(): ((event: Event) => unknown) | null {
    return this.#handler('error') as ((event: Event) => unknown) | null
  }
  set onerror(handler: ((event: Event) => unknown) | null) {
    this.#setHandler('error', handler)
  }
  get onclose(): Handler<'close'> {
    return this.#handler('close')
  }
  set onclose(handler: Handler<'close'>) {
    this.#setHandler('close', handler)
  }

  override addEventListener<Type extends keyof NetWebSocketEventMap>(
    type: Type,
    listener: ((event: NetWebSocketEventMap[Type]) => unknown) | null,
    options?: boolean | AddEventListenerOptions
  ): void
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions
  ): void
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions
  ): void {
    super.addEventListener(type, listener, options)
  }

  /**
   * Send one message: text for a string, binary for the rest. After {@link close} it is dropped, as the standard says.
   * @throws CraftecError `invalid-argument` before it is open; `limit-exceeded` when too much waits, and nothing of it is sent
   */
  send(data: string | BufferSource | Blob): void {
    if (this.#readyState === CONNECTING) throw new CraftecError('invalid-argument', 'the WebSocket is not open yet')
    const { sizeBytes, message } = sendable(data)
    if (this.#readyState === OPEN && this.#buffered + sizeBytes > MAX_BUFFERED_BYTES)
      throw new CraftecError('limit-exceeded', `${this.#buffered} bytes wait to be sent; wait for bufferedAmount`, {
        details: { limit: MAX_BUFFERED_BYTES }
      })
    this.#buffered += sizeBytes
    if (this.#readyState !== OPEN) return
    const send = async (): Promise<void> => {
      await this.#writer?.write(message instanceof Blob ? new Uint8Array(await message.arrayBuffer()) : message)
      this.#buffered -= sizeBytes
    }
    // One after the other: a Blob has to be read first.
    this.#sending = this.#sending.then(send).catch(error => this.#onSendError(error))
  }

  /**
   * Close after what was sent is on its way.
   * @param code 1000, or 3000 to 4999. @param reason at most 123 bytes of UTF-8
   * @throws CraftecError `invalid-argument`
   */
  close(code?: number, reason = ''): void {
    checkCloseInfo(code, reason)
    if (this.#readyState >= CLOSING) return
    this.#readyState = CLOSING
    const channel = this.#channel
    if (!channel) {
      this.#ending.abort(new CraftecError('aborted', 'the WebSocket was closed before it was open'))
      return
    }
    this.#cancelClosing = this.#clock.after(CLOSE_TIMEOUT_MS, () =>
      this.#ending.abort(new CraftecError('timeout', `the WebSocket did not close within ${CLOSE_TIMEOUT_MS} ms`))
    )
    const info = { reason, ...(code === undefined ? {} : { closeCode: code }) }
    void this.#sending.then(() => channel.close(info))
  }

  async #live(open: NetWebSocketSource['open']): Promise<void> {
    try {
      const channel = await open(this.#ending.signal)
      this.#ending.signal.throwIfAborted()
      this.#channel = channel
      this.#writer = channel.writable.getWriter()
      this.#writer.closed.catch(() => {})
      this.#readyState = OPEN
      this.dispatchEvent(new Event('open'))
      await this.#receive(channel.readable.getReader())
      this.#finish(await channel.closed)
    } catch (error) {
      this.#finish(CraftecError.from(error, 'link-closed'))
    }
  }

  async #receive(reader: ReadableStreamDefaultReader<string | Uint8Array<ArrayBuffer>>): Promise<void> {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (this.#readyState !== OPEN) continue
      const { value } = part
      const data =
        typeof value === 'string' ? value : this.binaryType === 'blob' ? new Blob([value]) : wholeBuffer(value)
      this.dispatchEvent(new MessageEvent('message', { data, origin: this.#origin }))
    }
  }

  #finish(outcome: WebSocketCloseInfo | CraftecError): void {
    this.#cancelClosing()
    this.#readyState = CLOSED
    if (outcome instanceof CraftecError) {
      this.#error = outcome
      this.#ending.abort(outcome)
      this.dispatchEvent(new WebSocketErrorEvent(outcome))
      this.dispatchEvent(new WebSocketCloseEvent(ABNORMAL))
      return
    }
    const { closeCode, reason } = outcome
    this.dispatchEvent(new WebSocketCloseEvent({ code: closeCode, reason, wasClean: true }))
  }

  /** The channel tells how it ended; a Blob that cannot be read ends it here. */
  #onSendError(error: unknown): void {
    this.#ending.abort(CraftecError.from(error, 'aborted'))
  }

  #handler<Type extends keyof NetWebSocketEventMap>(type: Type): Handler<Type> {
    return (this.#handlers.get(type) as Handler<Type> | undefined) ?? null
  }

  #setHandler<Type extends keyof NetWebSocketEventMap>(type: Type, handler: Handler<Type>): void {
    const before = this.#handlers.get(type)
    if (before) this.removeEventListener(type, before as EventListener)
    this.#handlers.delete(type)
    if (typeof handler !== 'function') return
    this.#handlers.set(type, handler)
    this.addEventListener(type, handler)
  }
}

function wholeBuffer(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.length === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer
}
