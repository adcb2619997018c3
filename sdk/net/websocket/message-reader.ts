/** What a WebSocket server sends, from bytes: frames of RFC 6455 §5.2 put together to messages, strictly. */
import { CraftecError } from '../../errors/index.ts'
import { decodeCloseInfo, decodeText, type WebSocketCloseInfo } from './close-info.ts'
import { MAX_CONTROL_BYTES, OPCODE } from './frame.ts'
import { MessageBytes } from './message-bytes.ts'
import { violation } from './violation.ts'

export type Incoming =
  | { readonly kind: 'message'; readonly data: string | Uint8Array<ArrayBuffer> }
  | { readonly kind: 'ping'; readonly payload: Uint8Array }
  | { readonly kind: 'pong' }
  | ({ readonly kind: 'close' } & WebSocketCloseInfo)

interface FrameHeader {
  readonly opcode: number
  readonly fin: boolean
  readonly length: number
}

const NOTHING = new Uint8Array(0)
/** Two bytes and a length of 64 bits; a server does not mask. */
const MAX_HEADER_BYTES = 10

/** No clock, no stream: {@link push} takes bytes as they come, {@link next} gives what they mean, one thing at a time. */
export class MessageReader {
  readonly #maxMessageBytes: number
  #input: Uint8Array = NOTHING
  readonly #header = new Uint8Array(MAX_HEADER_BYTES)
  #headerBytes = 0
  #frame: FrameHeader | undefined
  /** Still to come of the frame. */
  #left = 0
  readonly #control = new MessageBytes()
  readonly #message = new MessageBytes()
  /** Of the message that is being received. */
  #messageOpcode: number | undefined
  #closed = false

  /** @param maxMessageBytes of one message, all fragments together */
  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes
  }

  /** Only when {@link next} has nothing more to give. */
  push(input: Uint8Array): void {
    if (this.#input.length > 0) throw new CraftecError('internal', 'bytes before the last ones were used')
    this.#input = input
  }

  /**
   * @returns `undefined` when more bytes are needed; after a close always
   * @throws CraftecError `protocol-violation` | `limit-exceeded`, with `details.closeCode` for the server. Nothing follows it
   */
  next(): Incoming | undefined {
    while (!this.#closed) {
      this.#frame ??= this.#readHeader()
      if (this.#frame === undefined || !this.#readPayload(this.#frame)) return undefined
      const frame = this.#frame
      this.#frame = undefined
      const incoming = isControl(frame.opcode) ? this.#endControl(frame) : this.#endData(frame)
      if (incoming !== undefined) return incoming
    }
    this.#input = NOTHING
    return undefined
  }

  #readHeader(): FrameHeader | undefined {
    for (;;) {
      const header = this.#header
      const wanted = headerLength(header, this.#headerBytes)
      if (this.#headerBytes === wanted) break
      if (this.#input.length === 0) return undefined
      const taken = this.#take(wanted - this.#headerBytes)
      header.set(taken, this.#headerBytes)
      this.#headerBytes += taken.length
      if (this.#headerBytes === 2) this.#checkFirstBytes(header[0] ?? 0, header[1] ?? 0)
    }
    const frame = parseHeader(this.#header, this.#headerBytes)
    this.#headerBytes = 0
    // Before a byte of it is taken: an announced length must not be enough to make anyone wait or hold.
    if (!isControl(frame.opcode) && this.#message.length + frame.length > this.#maxMessageBytes) {
      const limit = this.#maxMessageBytes
      const details = { limit, closeCode: 1009 }
      throw new CraftecError('limit-exceeded', `the server sent a message of more than ${limit} bytes`, { details })
    }
    this.#left = frame.length
    return frame
  }

  #checkFirstBytes(first: number, second: number): void {
    const opcode = first & 0x0f
    if ((first & 0x70) !== 0) throw violation('a reserved bit is set, and no extension was agreed')
    if ((second & 0x80) !== 0) throw violation('a masked frame')
    if (isControl(opcode)) {
      if (opcode > OPCODE.pong) throw violation(`unknown opcode ${opcode}`)
      if ((first & 0x80) === 0) throw violation('a control frame in fragments')
      if ((second & 0x7f) > MAX_CONTROL_BYTES) throw violation('a control frame of more than 125 bytes')
      return
    }
    if (opcode > OPCODE.binary) throw violation(`unknown opcode ${opcode}`)
    const continues = opcode === OPCODE.continuation
    if (continues && this.#messageOpcode === undefined) throw violation('a continuation of nothing')
    if (!continues && this.#messageOpcode !== undefined) throw violation('a message inside another one')
    if (!continues) this.#messageOpcode = opcode
  }

  /** @returns whether the frame is complete */
  #readPayload({ opcode }: FrameHeader): boolean {
    const taken = this.#take(this.#left)
    this.#left -= taken.length
    const target = isControl(opcode) ? this.#control : this.#message
    target.append(taken)
    return this.#left === 0
  }

  #endControl({ opcode }: FrameHeader): Incoming {
    const payload = this.#control.take()
    if (opcode === OPCODE.ping) return { kind: 'ping', payload }
    if (opcode === OPCODE.pong) return { kind: 'pong' }
    this.#closed = true
    return { kind: 'close', ...decodeCloseInfo(payload) }
  }

  #endData({ fin }: FrameHeader): Incoming | undefined {
    if (!fin) return undefined
    const isText = this.#messageOpcode === OPCODE.text
    const bytes = this.#message.take()
    this.#messageOpcode = undefined
    return { kind: 'message', data: isText ? decodeText(bytes) : bytes }
  }

  #take(atMost: number): Uint8Array {
    const taken = this.#input.subarray(0, atMost)
    this.#input = this.#input.subarray(taken.length)
    return taken
  }
}

function isControl(opcode: number): boolean {
  return (opcode & 0x08) !== 0
}

/** As far as the bytes that are there tell. */
function headerLength(header: Uint8Array, known: number): number {
  if (known < 2) return 2
  const short = (header[1] ?? 0) & 0x7f
  return short === 126 ? 4 : short === 127 ? MAX_HEADER_BYTES : 2
}

function parseHeader(header: Uint8Array, size: number): FrameHeader {
  const [first = 0, second = 0] = header
  return { opcode: first & 0x0f, fin: (first & 0x80) !== 0, length: payloadLength(header, size, second & 0x7f) }
}

function payloadLength(header: Uint8Array, size: number, short: number): number {
  if (size === 2) return short
  const view = new DataView(header.buffer, 2, size - 2)
  const length = size === 4 ? BigInt(view.getUint16(0)) : view.getBigUint64(0)
  if (length >= 1n << 63n) throw violation('a length with its highest bit set')
  if (length < (size === 4 ? 126n : 0x1_0000n)) throw violation('a length in more bytes than it needs')
  // Beyond 2^53 it is over every limit, exact or not.
  return Number(length)
}
