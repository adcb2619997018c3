import { CraftecError } from '../errors/index.ts'
import { CONTROL_BIT, END_OF_FRAMES, frameCost, HEADER_BYTES, MAX_CREDIT_BYTES, WINDOW_BYTES } from './frame-format.ts'

/**
 * Frames queued in one tick leave in pieces of about this size. Just under the 65,519 bytes that one Noise message
 * carries, less a 12-byte Yamux header: 64 KiB would make every second message a tiny one.
 */
export const BATCH_BYTES = 60 * 1024

/** What may wait here for the transport, besides what the transport itself buffers. */
export const QUEUE_BYTES = 4 * BATCH_BYTES

/**
 * The sending half of a framed channel: frames go in while there is credit and room, batches of bytes come out.
 * Pure: no clock, no I/O. Frames are copied into slabs; a slab's bytes never change once they were handed out, unless they come back.
 */
export class FrameSender {
  private credit = WINDOW_BYTES
  private queued = 0
  private slab: Uint8Array<ArrayBuffer> | undefined
  private start = 0
  private end = 0
  private ready: Uint8Array<ArrayBuffer>[] = []
  /** Memory of a long frame that has left, for the next one. */
  private spare: Uint8Array<ArrayBuffer> | undefined

  /** Bytes that wait for {@link next}. */
  get queuedBytes(): number {
    return this.queued
  }

  /** Whether {@link push} may be called with a payload this long. */
  accepts(payloadBytes: number): boolean {
    return frameCost(payloadBytes) <= this.credit && (this.queued === 0 || this.queued + payloadBytes <= QUEUE_BYTES)
  }

  /** Queue one frame; {@link accepts} must have said yes. */
  push(frame: Uint8Array): void {
    this.credit -= frameCost(frame.length)
    const at = this.reserve(HEADER_BYTES + frame.length)
    writeU32(at, frame.length)
    at.set(frame, HEADER_BYTES)
  }

  /** Queue a control frame that gives the peer `bytes` of credit. */
  grant(bytes: number): void {
    writeU32(this.reserve(HEADER_BYTES), CONTROL_BIT + bytes)
  }

  /** Queue the control frame that says no frame follows. */
  finish(): void {
    writeU32(this.reserve(HEADER_BYTES), END_OF_FRAMES)
  }

  /** @throws CraftecError `protocol-violation` when the peer's grants add up to nonsense */
  addCredit(bytes: number): void {
    this.credit += bytes
    if (this.credit > MAX_CREDIT_BYTES) {
      throw new CraftecError('protocol-violation', `framed channel: credit ${this.credit} is over ${MAX_CREDIT_BYTES}`)
    }
  }

  /** The next batch for the transport, which owns it from then on. */
  next(): Uint8Array<ArrayBuffer> | undefined {
    if (this.ready.length === 0) this.seal()
    const batch = this.ready.shift()
    if (batch !== undefined) this.queued -= batch.length
    return batch
  }

  /** The transport has copied this batch: nobody looks at it any more. */
  giveBack(batch: Uint8Array<ArrayBuffer>): void {
    // a slab may still be filled behind the batch
    if (batch.length > BATCH_BYTES) this.spare = batch
  }

  /** Drop everything queued. */
  clear(): void {
    this.ready = []
    this.spare = undefined
    this.slab = undefined
    this.start = this.end = this.queued = 0
  }

  private reserve(bytes: number): Uint8Array<ArrayBuffer> {
    this.queued += bytes
    if (bytes > BATCH_BYTES) {
      this.seal()
      const own = this.spare?.length === bytes ? this.spare : new Uint8Array(bytes)
      this.spare = undefined
      this.ready.push(own)
      return own
    }
    if (this.slab === undefined || this.slab.length - this.end < bytes) {
      this.seal()
      this.slab = new Uint8Array(BATCH_BYTES)
      this.start = this.end = 0
    }
    const at = this.slab.subarray(this.end, this.end + bytes)
    this.end += bytes
    return at
  }

  /** Hand out what the slab holds; later frames continue behind it, so small messages share one allocation. */
  private seal(): void {
    if (this.slab === undefined || this.end === this.start) return
    this.ready.push(this.slab.subarray(this.start, this.end))
    this.start = this.end
  }
}

function writeU32(target: Uint8Array, value: number): void {
  target[0] = value >>> 24
  target[1] = value >>> 16
  target[2] = value >>> 8
  target[3] = value
}
