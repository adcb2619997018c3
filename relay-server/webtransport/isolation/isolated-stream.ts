import type { WebTransportStream, WebTransportStreamEvents } from '../web-transport-server.ts'
import { ACK_BATCH_BYTES, STREAM_CREDIT_BYTES, type StreamMessage } from './engine-messages.ts'

/** The relay's end of a stream whose QUIC half lives in the engine process. */
export class IsolatedStream implements WebTransportStream {
  readonly id: number
  private readonly key: { readonly session: number; readonly stream: number }
  private readonly send: (message: StreamMessage) => void
  private readonly onDone: () => void
  private events: WebTransportStreamEvents | undefined
  /** Arrived while paused or before `attach`; the engine stops at the credit. */
  private readonly arrived: StreamMessage[] = []
  private paused = false
  private reading = true
  private writing = true
  private unacknowledged = 0
  private blocked = false
  private taken = 0
  /** What `attach` has to tell at once, because it came before. */
  private missed: ((events: WebTransportStreamEvents) => void)[] = []

  constructor(session: number, stream: number, send: (message: StreamMessage) => void, onDone: () => void) {
    this.id = stream
    this.key = { session, stream }
    this.send = send
    this.onDone = onDone
  }

  attach(events: WebTransportStreamEvents): void {
    this.events = events
    queueMicrotask(() => {
      for (const tell of this.missed.splice(0)) tell(events)
      this.deliver()
    })
  }

  write(bytes: Uint8Array): number {
    if (!this.writing) return bytes.length
    const part = bytes.subarray(0, STREAM_CREDIT_BYTES - this.unacknowledged)
    this.blocked = part.length < bytes.length
    if (part.length === 0) return 0
    this.unacknowledged += part.length
    this.send({ kind: 'data', bytes: part, ...this.key }) // serialized before this returns
    return part.length
  }

  finish(): void {
    if (!this.writing) return
    this.send({ kind: 'finish', ...this.key })
    this.endWriting()
  }

  reset(code: number): void {
    if (!this.writing) return
    this.send({ kind: 'reset', code, ...this.key })
    this.endWriting()
  }

  stop(code: number): void {
    if (!this.reading) return
    this.send({ kind: 'stop', code, ...this.key })
    this.endReading()
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    queueMicrotask(() => this.deliver())
  }

  onMessage(message: StreamMessage): void {
    switch (message.kind) {
      case 'taken':
        this.unacknowledged -= message.count
        if (!this.blocked || !this.writing) return
        this.blocked = false
        this.events?.onWritable()
        break
      case 'stop':
        this.endWriting()
        this.tell(events => events.onStopped(message.code))
        break
      case 'reset': // overtakes what waits, as a QUIC reset does
        this.arrived.length = 0
        this.endReading()
        this.tell(events => events.onReset(message.code))
        break
      default:
        this.arrived.push(message)
        this.deliver()
    }
  }

  /** The session is gone. */
  abandon(): void {
    this.arrived.length = 0
    this.reading = false
    this.writing = false
    this.events?.onReset(0)
  }

  /** At most a reset and a stop ever wait here: each ends its direction. */
  private tell(event: (events: WebTransportStreamEvents) => void): void {
    if (this.events === undefined) this.missed.push(event)
    else event(this.events)
  }

  private deliver(): void {
    while (this.reading && !this.paused && this.events !== undefined) {
      const message = this.arrived.shift()
      if (message === undefined) return
      if (message.kind === 'data') {
        this.acknowledge(message.bytes.length)
        this.events.onData(message.bytes)
      } else {
        this.endReading()
        this.events.onEnd()
      }
    }
  }

  private acknowledge(count: number): void {
    this.taken += count
    if (this.taken < ACK_BATCH_BYTES) return
    this.send({ kind: 'taken', count: this.taken, ...this.key })
    this.taken = 0
  }

  private endReading(): void {
    this.reading = false
    if (!this.writing) this.onDone()
  }

  private endWriting(): void {
    this.writing = false
    this.blocked = false
    if (!this.reading) this.onDone()
  }
}
