import { CraftecError } from '../errors/index.ts'
import {
  CONTROL_BIT,
  END_OF_FRAMES,
  frameCost,
  HEADER_BYTES,
  MAX_FRAME_BYTES,
  MAX_GRANT_BYTES,
  MAX_WINDOW_BYTES,
  WINDOW_BYTES
} from './frame-format.ts'

/** Credit goes back in steps of a quarter of the window: fewer control frames, and the sender never runs dry. */
const GRANT_STEP_BYTES = WINDOW_BYTES / 4

export interface FrameReceiverOptions {
  /** A frame is its reader's until {@link FrameReceiver.release}, and its memory serves for another one from then on. Default false. */
  readonly reuseFrames?: boolean | undefined
  /** Credit goes back when so much has been read. Default 256 KiB, and no more. */
  readonly grantStepBytes?: number | undefined
}

/** What the bytes said, besides the frames that are now waiting. */
export interface Received {
  /** Credit the peer gave us, in bytes. */
  readonly credit: number
  /** The peer said that no frame follows. */
  readonly ended: boolean
}

/**
 * The receiving half of a framed channel: bytes in any pieces go in, whole frames come out, and credit is counted.
 * Pure: no clock, no I/O. Holds at most its window of unread payload, whatever the peer sends.
 */
export class FrameReceiver {
  private readonly maxFrameBytes: number
  private readonly reuseFrames: boolean
  private readonly grantStepBytes: number
  private window = WINDOW_BYTES
  /** What the peer may still send. */
  private peerCredit = WINDOW_BYTES
  /** Cost of frames read but not yet given back. */
  private owed = 0
  /** Cost of the frame the reader has in hand. */
  private held = 0
  private inHand: Uint8Array<ArrayBuffer> | undefined
  /** Memory of the frame that was read last, if it may be used again. */
  private spare: Uint8Array<ArrayBuffer> | undefined
  private ended = false
  private readonly header = new Uint8Array(HEADER_BYTES)
  private headerFilled = 0
  private payload: Uint8Array<ArrayBuffer> | undefined
  private payloadFilled = 0
  private inbox: Uint8Array<ArrayBuffer>[] = []
  private inboxAt = 0

  constructor(
    maxFrameBytes: number,
    { reuseFrames = false, grantStepBytes = GRANT_STEP_BYTES }: FrameReceiverOptions = {}
  ) {
    this.reuseFrames = reuseFrames
    this.grantStepBytes = Math.min(grantStepBytes, GRANT_STEP_BYTES)
    this.maxFrameBytes = Math.min(maxFrameBytes, MAX_FRAME_BYTES)
  }

  /** Payload bytes that wait for the reader, a partial frame included. */
  get bufferedBytes(): number {
    let bytes = this.payloadFilled
    for (let i = this.inboxAt; i < this.inbox.length; i++) bytes += this.inbox[i]?.length ?? 0
    return bytes
  }

  /** In the middle of a frame: an end of the stream here cuts it. */
  get partial(): boolean {
    return this.payload !== undefined || this.headerFilled > 0
  }

  /** @throws CraftecError `protocol-violation`; the channel must then be reset, and the receiver not be used again */
  push(chunk: Uint8Array): Received {
    let credit = 0
    let at = 0
    while (at < chunk.length) {
      if (this.ended) throw violation('bytes after the end of frames')
      if (this.payload === undefined) {
        while (this.headerFilled < HEADER_BYTES && at < chunk.length) {
          this.header[this.headerFilled++] = chunk[at++] ?? 0
        }
        if (this.headerFilled < HEADER_BYTES) break
        this.headerFilled = 0
        credit += this.readHeader()
      } else {
        const part = chunk.subarray(at, at + this.payload.length - this.payloadFilled)
        this.payload.set(part, this.payloadFilled)
        this.payloadFilled += part.length
        at += part.length
      }
      this.completePayload()
    }
    return { credit, ended: this.ended }
  }

  /** @returns the credit it grants us, 0 for a data frame */
  private readHeader(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.header
    const word = a * 0x100_0000 + b * 0x1_0000 + c * 0x100 + d
    if (word === END_OF_FRAMES) {
      this.ended = true
      return 0
    }
    if (word >= CONTROL_BIT) {
      const grant = word - CONTROL_BIT
      if (grant > MAX_GRANT_BYTES) throw violation(`control frame with reserved bits: credit ${grant}`)
      return grant
    }
    if (word > this.maxFrameBytes) throw violation(`frame of ${word} bytes, at most ${this.maxFrameBytes} allowed`)
    const cost = frameCost(word)
    if (cost > this.peerCredit) throw violation(`frame costs ${cost} of credit, ${this.peerCredit} left`)
    this.peerCredit -= cost
    // bounded: the length is within the limit and paid for with credit
    this.payload = this.memory(word)
    this.payloadFilled = 0
    return 0
  }

  private memory(bytes: number): Uint8Array<ArrayBuffer> {
    const { spare } = this
    if (spare?.length !== bytes) return new Uint8Array(bytes)
    this.spare = undefined
    return spare
  }

  private completePayload(): void {
    if (this.payload === undefined || this.payloadFilled < this.payload.length) return
    this.inbox.push(this.payload)
    this.payload = undefined
    this.payloadFilled = 0
  }

  /** Let the peer have more on the way than the protocol's window. @returns the credit to give it for that, at least 0 */
  widen(windowBytes: number): number {
    const more = Math.max(0, Math.min(windowBytes, MAX_WINDOW_BYTES) - this.window)
    this.window += more
    this.peerCredit += more
    return more
  }

  /** The next whole frame; its credit stays taken until {@link release}. */
  shift(): Uint8Array<ArrayBuffer> | undefined {
    const frame = this.inbox[this.inboxAt]
    if (frame === undefined) return undefined
    this.inboxAt++
    // amortised: drop the consumed part only when it is at least half, so that taking a frame is O(1)
    if (this.inboxAt * 2 >= this.inbox.length) {
      this.inbox = this.inbox.slice(this.inboxAt)
      this.inboxAt = 0
    }
    this.held = frameCost(frame.length)
    if (this.reuseFrames) this.inHand = frame
    return frame
  }

  /**
   * The reader is done with the frame it has.
   * @returns credit to give the peer now; 0 while it is not worth a control frame
   */
  release(): number {
    this.owed += this.held
    this.held = 0
    this.spare = this.inHand ?? this.spare
    this.inHand = undefined
    if (this.owed < this.grantStepBytes) return 0
    const grant = this.owed
    this.owed = 0
    this.peerCredit += grant
    return grant
  }

  /** Drop everything unread. */
  clear(): void {
    this.inbox = []
    this.inboxAt = 0
    this.payload = undefined
    this.payloadFilled = 0
  }
}

function violation(what: string): CraftecError {
  return new CraftecError('protocol-violation', `framed channel: ${what}`)
}
