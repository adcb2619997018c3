/**
 * One stream inside a circuit, the same at both ends: docs/protocol/craftnet.md §5. Bytes wait here in both directions,
 * never more than a window of them to read and what the owner chose to write. The owner is told through the listener
 * and must act later, not from within the call.
 */
import { ByteWriter } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { ByteQueue } from './byte-queue.ts'
import { RESET, type ResetReason, resetError, resetReason } from './destroy-reason.ts'
import {
  encodeMessage,
  encodeTarget,
  MESSAGE,
  MESSAGE_HEADER_BYTES,
  type StreamMessage,
  type StreamTarget,
  writeMessageHeader
} from './stream-message.ts'

/** Unconsumed bytes per stream and direction, end to end. */
export const STREAM_WINDOW_BYTES = 524_288
/** Consumption is reported in steps of a quarter of the window: one cell in about 32 of data. */
const WINDOW_STEP_BYTES = STREAM_WINDOW_BYTES / 4
const EMPTY = /* @__PURE__ */ new Uint8Array(0)

export interface MuxStreamListener {
  /** The exit is connected to the target. */
  connected(): void
  /** There is something to {@link MuxStream.read}, or the far end has finished. */
  readable(): void
  /** A chunk given to {@link MuxStream.write} is on its way; its bytes are no longer needed. */
  written(): void
  /** The stream is over: `undefined` when both directions were finished and read, else why. Called once. */
  ended(error: CraftecError | undefined): void
}

/** What a stream needs of the multiplexer it belongs to. */
export interface StreamOwner {
  readonly role: 'client' | 'exit'
  /** The stream may have something to send. */
  schedule(stream: MuxStream): void
  release(stream: MuxStream): void
  /** `bytes` more (or, negative, fewer) are held in queues. */
  hold(bytes: number): void
}

export class MuxStream {
  readonly id: number
  readonly target: StreamTarget
  listener: MuxStreamListener | undefined
  scheduled = false
  private readonly owner: StreamOwner
  private readonly inbound = new ByteQueue()
  private outbound: Uint8Array[] = []
  private outboundBytes = 0
  private outboundOffset = 0
  private sendWindow = STREAM_WINDOW_BYTES
  private receiveWindow = STREAM_WINDOW_BYTES
  private consumed = 0
  private isConnected = false
  /** BEGIN at the client, CONNECTED at the exit: what must go before any data. */
  private greeting: 'none' | 'due' | 'sent' = 'none'
  private finish: 'open' | 'due' | 'sent' = 'open'
  private farFinished = false
  private resetDue: ResetReason | undefined
  private over = false
  private wasCut = false

  constructor(id: number, target: StreamTarget, owner: StreamOwner) {
    this.id = id
    this.target = target
    this.owner = owner
    if (owner.role === 'client') this.greet()
  }

  get isOver(): boolean {
    return this.over
  }

  /** Bytes given to {@link write} that are not yet on their way. */
  get bufferedBytes(): number {
    return this.outboundBytes
  }

  /** The far end has finished, and all it sent was read. */
  get readEnded(): boolean {
    return this.farFinished && this.inbound.length === 0 && !this.wasCut
  }

  /** At the exit: the target is connected. */
  accept(): void {
    if (this.over || this.greeting !== 'none') return
    this.isConnected = true
    this.greet()
  }

  /** Queue `bytes`, which must stay untouched until `written`. Wait for it when {@link bufferedBytes} grows. */
  write(bytes: Uint8Array): void {
    if (this.over) throw new CraftecError('stream-reset', 'the stream has ended')
    if (this.finish !== 'open') throw new CraftecError('invalid-argument', 'nothing can be written after the end')
    if (bytes.length === 0) {
      this.listener?.written()
      return
    }
    this.outbound.push(bytes)
    this.outboundBytes += bytes.length
    this.owner.hold(bytes.length)
    this.owner.schedule(this)
  }

  /** No more will be written. What is queued still goes out. */
  end(): void {
    if (this.over || this.finish !== 'open') return
    this.finish = 'due'
    this.owner.schedule(this)
  }

  /** What arrived, oldest first; `undefined` when nothing waits. Reading is what opens the window again. */
  read(): Uint8Array | undefined {
    const bytes = this.inbound.shift()
    if (bytes === undefined) return undefined
    this.owner.hold(-bytes.length)
    this.consumed += bytes.length
    this.owner.schedule(this)
    this.endIfDone()
    return bytes
  }

  /** End both directions at once; what is queued either way is dropped. */
  reset(reason: ResetReason): void {
    if (this.over) return
    const known = this.owner.role === 'exit' || this.greeting === 'sent'
    this.cut(new CraftecError('stream-reset', 'this side reset the stream'))
    if (known) {
      this.resetDue = reason
      this.owner.schedule(this)
    } else this.owner.release(this)
  }

  /** The circuit is gone. */
  abandon(error: CraftecError): void {
    if (!this.over) this.cut(error)
  }

  /** @throws CraftecError `protocol-violation` */
  receive({ type, data }: StreamMessage): void {
    if (this.over) return
    switch (type) {
      case MESSAGE.connected:
        if (this.owner.role === 'exit' || this.isConnected) throw this.violation('CONNECTED out of place')
        this.isConnected = true
        this.listener?.connected()
        return
      case MESSAGE.data:
        this.receiveData(data)
        return
      case MESSAGE.fin:
        if (this.farFinished || !this.mayReceive) throw this.violation('FIN out of place')
        this.farFinished = true
        this.listener?.readable()
        this.endIfDone()
        return
      case MESSAGE.reset:
        this.cut(resetError(resetReason(data[0] ?? RESET.none)))
        this.owner.release(this)
        return
      case MESSAGE.window:
        this.receiveWindowStep(new DataView(data.buffer, data.byteOffset, 4).getUint32(0))
        return
      default:
        throw this.violation(`type ${type} out of place`)
    }
  }

  /** A message could go now. */
  get hasOutput(): boolean {
    if (this.resetDue !== undefined) return true
    if (this.over) return false
    if (this.greeting === 'due' || this.windowDue) return true
    if (this.greeting === 'none') return false
    return this.outboundBytes > 0 ? this.sendWindow > 0 : this.finish === 'due'
  }

  /** Write the next message into the zeroed `payload`; only when {@link hasOutput}. @returns bytes of data in it */
  nextMessage(payload: Uint8Array): number {
    if (this.resetDue !== undefined) {
      encodeMessage(payload, this.id, MESSAGE.reset, Uint8Array.of(this.resetDue))
      this.resetDue = undefined
      this.owner.release(this)
    } else if (this.greeting === 'due') {
      this.greeting = 'sent'
      if (this.owner.role === 'exit') encodeMessage(payload, this.id, MESSAGE.connected, EMPTY)
      else encodeMessage(payload, this.id, MESSAGE.begin, encodeTarget(this.target))
    } else if (this.windowDue) {
      encodeMessage(payload, this.id, MESSAGE.window, new ByteWriter(4).u32(this.consumed).finish())
      this.receiveWindow += this.consumed
      this.consumed = 0
    } else if (this.outboundBytes > 0) return this.nextData(payload)
    else {
      this.finish = 'sent'
      encodeMessage(payload, this.id, MESSAGE.fin, EMPTY)
      this.endIfDone()
    }
    return 0
  }

  private get windowDue(): boolean {
    return this.consumed >= WINDOW_STEP_BYTES && !this.farFinished
  }

  private get mayReceive(): boolean {
    return this.owner.role === 'exit' || this.isConnected
  }

  private greet(): void {
    this.greeting = 'due'
    this.owner.schedule(this)
  }

  private nextData(payload: Uint8Array): number {
    const length = Math.min(payload.length - MESSAGE_HEADER_BYTES, this.sendWindow, this.outboundBytes)
    writeMessageHeader(payload, this.id, MESSAGE.data, length)
    this.sendWindow -= length
    this.outboundBytes -= length
    this.owner.hold(-length)
    for (let at = MESSAGE_HEADER_BYTES, left = length; left > 0; ) {
      const chunk = this.outbound[0] ?? EMPTY
      const part = chunk.subarray(this.outboundOffset, this.outboundOffset + left)
      payload.set(part, at)
      at += part.length
      left -= part.length
      this.outboundOffset += part.length
      if (this.outboundOffset < chunk.length) break
      this.outbound.shift()
      this.outboundOffset = 0
      this.listener?.written()
    }
    return length
  }

  private receiveData(data: Uint8Array): void {
    if (this.farFinished || !this.mayReceive) throw this.violation('DATA out of place')
    if (data.length > this.receiveWindow) throw this.violation('DATA beyond the window')
    if (data.length === 0) return
    this.receiveWindow -= data.length
    this.inbound.push(data)
    this.owner.hold(data.length)
    this.listener?.readable()
  }

  private receiveWindowStep(bytes: number): void {
    if (this.sendWindow + bytes > STREAM_WINDOW_BYTES) throw this.violation('WINDOW for more than was sent')
    this.sendWindow += bytes
    this.owner.schedule(this)
  }

  private endIfDone(): void {
    if (this.over || this.finish !== 'sent' || !this.readEnded) return
    this.over = true
    this.owner.release(this)
    this.listener?.ended(undefined)
  }

  private cut(error: CraftecError): void {
    this.over = true
    this.wasCut = true
    this.owner.hold(-this.inbound.length - this.outboundBytes)
    this.inbound.clear()
    this.outbound = []
    this.outboundBytes = 0
    this.outboundOffset = 0
    this.listener?.ended(error)
  }

  private violation(what: string): CraftecError {
    return new CraftecError('protocol-violation', `stream in a circuit: ${what}`)
  }
}
