/** A WebSocket after its opening handshake, as two streams: RFC 6455 §5 to §7 over any byte stream. */
import { type Clock, type RandomBytes, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { ExplainedHop } from '../fetch/index.ts'
import type { ByteDuplex } from '../http/index.ts'
import { checkCloseInfo, encodeCloseInfo, type WebSocketCloseInfo } from './close-info.ts'
import { encodeFrame, OPCODE } from './frame.ts'
import { MessageReader } from './message-reader.ts'

/** Shaped like the open half of a browser's WebSocketStream. */
export interface WebSocketChannel {
  /** The subprotocol the server chose; '' for none. */
  readonly protocol: string
  /** Who carries it, from the first relay to the exit. */
  readonly path: readonly ExplainedHop[]
  /** One chunk a message. The server is read no faster than this is; it ends when the server closes, and errors otherwise. */
  readonly readable: ReadableStream<string | Uint8Array<ArrayBuffer>>
  /** One message a chunk. A write resolves when the link has taken all of it; closing it closes the WebSocket. */
  readonly writable: WritableStream<string | Uint8Array>
  /** Resolves when both sides have said goodbye. @throws CraftecError why they could not */
  readonly closed: Promise<WebSocketCloseInfo>
  /**
   * Close after the message that is being written. What the server still sends is dropped.
   * @throws CraftecError `invalid-argument`
   */
  close(info?: Partial<WebSocketCloseInfo>): void
}

export interface ChannelOptions {
  readonly duplex: ByteDuplex
  /** What came behind the head of the opening handshake. */
  readonly firstBytes: Uint8Array
  readonly protocol: string
  readonly path: readonly ExplainedHop[]
  readonly maxMessageBytes: number
  readonly idleTimeoutMs: number
  /** Ends the channel without a goodbye. */
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly random: RandomBytes
}

/** A message is cut into frames of this size, so that pings can be answered while a large one is on its way. */
const FRAGMENT_BYTES = 65_536
/** For the server's half of the closing handshake, and for what is on its way before ours. */
const CLOSE_TIMEOUT_MS = 5_000
/** For the transport to take our goodbye and end. */
const LINGER_MS = 2_000
const NO_STATUS: WebSocketCloseInfo = { closeCode: 1005, reason: '' }

export function openChannel(options: ChannelOptions): WebSocketChannel {
  return new Channel(options)
}

class Channel implements WebSocketChannel {
  readonly protocol: string
  readonly path: readonly ExplainedHop[]
  readonly readable: WebSocketChannel['readable']
  readonly writable: WebSocketChannel['writable']
  readonly closed: Promise<WebSocketCloseInfo>
  readonly #options: ChannelOptions
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #messages: MessageReader
  readonly #settle: (outcome: WebSocketCloseInfo | CraftecError) => void
  /** Ends the caller's two streams: each adds itself as it is made. */
  #endStreams: (error: CraftecError | undefined) => void = () => {}
  #deliver: (message: string | Uint8Array<ArrayBuffer>) => Promise<void> = async () => {}
  #state: 'open' | 'closing' | 'over' = 'open'
  /** The message that is being written. */
  #sending: Promise<void> = Promise.resolve()
  #interrupt: (error: CraftecError) => void = () => {}
  #closeSent = false
  #pongOwed: Uint8Array | undefined
  #cancelClosing = (): void => {}
  readonly #onAbort = (): void =>
    this.#fail(CraftecError.from(this.#options.signal.reason, 'aborted', 'WebSocket: aborted by the caller'))

  constructor(options: ChannelOptions) {
    this.#options = options
    this.protocol = options.protocol
    this.path = options.path
    this.#reader = options.duplex.readable.getReader()
    this.#writer = options.duplex.writable.getWriter()
    this.#reader.closed.catch(() => {})
    this.#writer.closed.catch(() => {})
    this.#messages = new MessageReader(options.maxMessageBytes)
    this.#messages.push(options.firstBytes)
    const { promise, resolve, reject } = Promise.withResolvers<WebSocketCloseInfo>()
    this.closed = promise
    this.closed.catch(() => {}) // whoever wants to know asks
    this.#settle = outcome => (outcome instanceof CraftecError ? reject(outcome) : resolve(outcome))
    this.readable = this.#createReadable()
    this.writable = this.#createWritable()
    options.signal.addEventListener('abort', this.#onAbort, { once: true })
    if (options.signal.aborted) this.#onAbort()
    void this.#run()
  }

  close(info: Partial<WebSocketCloseInfo> = {}): void {
    const { closeCode, reason = '' } = info
    checkCloseInfo(closeCode, reason)
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.#cancelClosing = this.#options.clock.after(CLOSE_TIMEOUT_MS, () =>
      this.#fail(new CraftecError('timeout', `the server did not close within ${CLOSE_TIMEOUT_MS} ms`))
    )
    // A reason cannot travel without a status.
    const status = closeCode ?? (reason === '' ? NO_STATUS.closeCode : 1000)
    void this.#sending.then(() => this.#sendClose({ closeCode: status, reason }))
    this.#endStreams(undefined)
  }

  #createReadable(): WebSocketChannel['readable'] {
    let demand = Promise.withResolvers<void>()
    let over = false
    return new ReadableStream(
      {
        start: controller => {
          this.#deliver = async message => {
            await demand.promise
            demand = Promise.withResolvers<void>()
            if (!over) controller.enqueue(message)
          }
          const before = this.#endStreams
          this.#endStreams = error => {
            before(error)
            if (over) return
            over = true
            demand.resolve()
            if (error) controller.error(error)
            else controller.close()
          }
        },
        pull: () => demand.resolve(),
        cancel: () => {
          over = true // by itself; closing it again would throw
          demand.resolve()
          this.close()
        }
      },
      { highWaterMark: 0 }
    )
  }

  #createWritable(): WebSocketChannel['writable'] {
    return new WritableStream<string | Uint8Array>({
      start: controller => {
        const before = this.#endStreams
        this.#endStreams = error => {
          before(error)
          controller.error(error ?? closedError())
        }
      },
      write: message => {
        this.#sending = this.#send(message)
        // Whoever writes learns of it; closing only waits for it to be over.
        const sent = this.#sending
        this.#sending = sent.catch(() => {})
        return sent
      },
      close: async () => {
        this.close()
        await this.closed
      },
      abort: () => this.close()
    })
  }

  /** Reads as long as there is a server: to deliver, to answer pings, and to hear it close. */
  async #run(): Promise<void> {
    try {
      while (this.#state !== 'over') {
        const incoming = this.#messages.next()
        if (incoming === undefined) this.#messages.push(await this.#read())
        else if (incoming.kind === 'close') return this.#onClose(incoming)
        else if (incoming.kind === 'ping') this.#answerPing(incoming.payload)
        else if (incoming.kind === 'message' && this.#state === 'open') await this.#deliver(incoming.data)
      }
    } catch (error) {
      this.#fail(CraftecError.from(error, 'link-closed'))
    }
  }

  async #read(): Promise<Uint8Array> {
    const { clock, idleTimeoutMs } = this.#options
    let silence = clock.after(idleTimeoutMs / 2, () => {
      this.#control(OPCODE.ping, new Uint8Array(0))
      silence = clock.after(idleTimeoutMs / 2, () =>
        this.#fail(new CraftecError('timeout', `the server was silent for ${idleTimeoutMs} ms, also when asked`))
      )
    })
    try {
      const { done, value } = await this.#reader.read()
      if (done) throw new CraftecError('link-closed', 'the connection ended without a closing handshake')
      return value
    } finally {
      silence()
    }
  }

  async #send(message: string | Uint8Array): Promise<void> {
    if (typeof message !== 'string' && !(message instanceof Uint8Array)) {
      const error = new CraftecError('invalid-argument', 'a WebSocket takes messages of type string or Uint8Array')
      this.#fail(error)
      throw error
    }
    const bytes = typeof message === 'string' ? new TextEncoder().encode(message) : message
    let opcode: number = typeof message === 'string' ? OPCODE.text : OPCODE.binary
    for (let at = 0; at === 0 || at < bytes.length; at += FRAGMENT_BYTES) {
      const payload = bytes.subarray(at, at + FRAGMENT_BYTES)
      await this.#unlessOver(this.#writer.ready)
      if (this.#closeSent) throw closedError()
      await this.#unlessOver(this.#writer.write(this.#frame(opcode, payload, at + FRAGMENT_BYTES >= bytes.length)))
      opcode = OPCODE.continuation
    }
  }

  /** What a transport takes its time for ends with the channel, whether the transport notices or not. */
  #unlessOver(task: Promise<void>): Promise<void> {
    const interrupted = new Promise<never>((_, reject) => {
      this.#interrupt = reject
    })
    return Promise.race([task, interrupted])
  }

  /** A server that asks faster than it reads the answers gets one for its last question (§5.5.3). */
  #answerPing(payload: Uint8Array): void {
    const answering = this.#pongOwed !== undefined
    this.#pongOwed = payload
    if (answering) return
    void this.#writer.ready.then(
      () => {
        const latest = this.#pongOwed
        this.#pongOwed = undefined
        if (latest) this.#control(OPCODE.pong, latest)
      },
      () => {}
    )
  }

  #control(opcode: number, payload: Uint8Array): void {
    if (this.#closeSent || this.#state === 'over') return
    this.#closeSent = opcode === OPCODE.close
    this.#writer.write(this.#frame(opcode, payload, true)).catch(() => {}) // the reading side hears of it
  }

  #sendClose(info: WebSocketCloseInfo): void {
    this.#control(OPCODE.close, encodeCloseInfo(info))
  }

  /** §5.5.1: the same status goes back, unless ours went first. */
  #onClose({ closeCode, reason }: WebSocketCloseInfo): void {
    if (this.#state === 'over') return
    this.#sendClose({ closeCode, reason: '' })
    this.#end({ closeCode, reason })
  }

  #fail(error: CraftecError): void {
    if (this.#state === 'over') return
    const { closeCode } = error.details
    if (typeof closeCode === 'number') this.#sendClose({ closeCode, reason: '' })
    this.#end(error)
  }

  #end(outcome: WebSocketCloseInfo | CraftecError): void {
    this.#state = 'over'
    this.#cancelClosing()
    this.#options.signal.removeEventListener('abort', this.#onAbort)
    this.#endStreams(outcome instanceof CraftecError ? outcome : undefined)
    this.#interrupt(outcome instanceof CraftecError ? outcome : closedError())
    this.#settle(outcome)
    void this.#leave(outcome)
  }

  /** The server ends the connection (§7.1.1); one that does not is not waited for. */
  async #leave(outcome: WebSocketCloseInfo | CraftecError): Promise<void> {
    const deadline = { timeoutMs: LINGER_MS, what: 'end of the connection', clock: this.#options.clock }
    const goodbye = async (): Promise<void> => {
      await this.#writer.close()
      while (!(outcome instanceof CraftecError) && !(await this.#reader.read()).done) {}
    }
    if (this.#closeSent) await withDeadline(deadline, goodbye).catch(() => {})
    // Both at once: aborting waits for the write that is on its way, and it is cancelling that ends it.
    this.#writer.abort(outcome).catch(() => {})
    this.#reader.cancel(outcome).catch(() => {})
  }

  #frame(opcode: number, payload: Uint8Array, fin: boolean): Uint8Array {
    return encodeFrame({ opcode, payload, fin }, this.#options.random)
  }
}

function closedError(): CraftecError {
  return new CraftecError('link-closed', 'the WebSocket is closed')
}
