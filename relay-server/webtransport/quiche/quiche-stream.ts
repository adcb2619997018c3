import type { WebTransportStream, WebTransportStreamEvents } from '../web-transport-server.ts'

/** What a stream asks of its connection. */
export interface StreamHost {
  /** @returns bytes taken; `'stopped'` when the peer wants no more. An empty end is always taken. */
  sendStream(id: number, bytes: Uint8Array, fin: boolean): number | 'stopped'
  /** Bytes that `sendStream` would take now. */
  streamRoom(id: number): number | 'stopped'
  /** @returns `undefined` when nothing waits; `'reset'` when the peer gave up its direction */
  receiveStream(id: number): { bytes: Uint8Array; fin: boolean } | 'reset' | undefined
  resetStream(id: number, code: number): void
  stopStream(id: number, code: number): void
  /** Have {@link QuicheStream.pump} called soon. */
  wake(stream: QuicheStream): void
  forget(stream: QuicheStream): void
}

const NOTHING = new Uint8Array(0)

export interface StreamBeginning {
  /** The peer's first bytes, which came together with its preface. */
  readonly rest?: { readonly bytes: Uint8Array; readonly fin: boolean } | undefined
  /** What must go out before anything else: a congested connection may not take it at once. */
  readonly preface?: Uint8Array
}

/** One bidirectional stream over quiche. Holds no payload: unread bytes stay in quiche's flow-controlled window. */
export class QuicheStream implements WebTransportStream {
  readonly id: number
  private readonly host: StreamHost
  private events: WebTransportStreamEvents | undefined
  private rest: StreamBeginning['rest']
  private preface: Uint8Array
  private paused = false
  private reading = true
  private writing = true
  private blocked = false
  /** `finish` was called and waits for the preface to go out. */
  private finishing = false

  constructor(id: number, host: StreamHost, beginning: StreamBeginning) {
    this.id = id
    this.host = host
    this.rest = beginning.rest
    this.preface = beginning.preface ?? NOTHING
    if (!this.sendPreface()) this.blocked = true
  }

  /** True while a `write` waits for room. */
  get wantsRoom(): boolean {
    return this.blocked
  }

  attach(events: WebTransportStreamEvents): void {
    this.events = events
    this.host.wake(this)
  }

  write(bytes: Uint8Array): number {
    if (!this.writing || this.finishing) return bytes.length // nobody will read it
    const taken = this.sendPreface() ? this.send(bytes) : 0
    this.blocked = taken < bytes.length
    return taken
  }

  finish(): void {
    if (!this.writing) return
    this.finishing = true
    this.blocked = !this.sendPreface()
    if (this.blocked) return
    this.host.sendStream(this.id, NOTHING, true)
    this.endWriting()
  }

  reset(code: number): void {
    if (!this.writing) return
    this.host.resetStream(this.id, code)
    this.endWriting()
  }

  stop(code: number): void {
    if (!this.reading) return
    this.host.stopStream(this.id, code)
    this.endReading()
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    this.host.wake(this)
  }

  /** Deliver what waits, and tell a blocked writer about room. Called by the connection, never from inside the owner's call. */
  pump(): void {
    this.pumpReads()
    if (this.blocked) this.pumpWrites()
  }

  /** The session is gone. */
  abandon(code: number): void {
    this.reading = false
    this.endWriting()
    this.events?.onReset(code)
  }

  private pumpReads(): void {
    while (this.reading && !this.paused && this.events !== undefined) {
      const next = this.rest ?? this.host.receiveStream(this.id)
      this.rest = undefined
      if (next === undefined) return
      if (next === 'reset') {
        this.endReading()
        this.events.onReset(0)
        return
      }
      if (next.bytes.length > 0) this.events.onData(next.bytes)
      if (next.fin && this.reading) {
        this.endReading()
        this.events.onEnd()
      }
    }
  }

  private pumpWrites(): void {
    const room = this.host.streamRoom(this.id)
    if (room === 0) return
    if (room === 'stopped') {
      this.reset(0) // RFC 9000 §3.5: STOP_SENDING is answered with a reset
      this.events?.onStopped(0)
      return
    }
    if (!this.sendPreface()) return
    this.blocked = false
    if (this.finishing) this.finish()
    else this.events?.onWritable()
  }

  private sendPreface(): boolean {
    if (this.preface.length > 0) this.preface = this.preface.subarray(this.send(this.preface))
    return this.preface.length === 0
  }

  private send(bytes: Uint8Array): number {
    const taken = this.host.sendStream(this.id, bytes, false)
    if (taken !== 'stopped') return taken
    this.host.wake(this) // the owner learns it in `pump`, not inside its own call
    return 0
  }

  private endReading(): void {
    this.reading = false
    if (!this.writing) this.host.forget(this)
  }

  private endWriting(): void {
    this.writing = false
    this.blocked = false
    if (!this.reading) this.host.forget(this)
  }
}
