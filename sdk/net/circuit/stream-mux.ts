/**
 * The streams of one circuit, at the client and at the exit alike: docs/protocol/craftnet.md §5. Payloads go in through
 * `receive` and come out of `next`, one stream after the other, so that no stream keeps another from its turn.
 */
import { CraftecError } from '../../errors/index.ts'
import { BACKWARD_PAYLOAD_BYTES, FORWARD_PAYLOAD_BYTES } from '../onion/index.ts'
import { RESET, type ResetReason } from './destroy-reason.ts'
import { MuxStream, type StreamOwner } from './mux-stream.ts'
import {
  decodeMessage,
  decodeTarget,
  encodeMessage,
  encodeTarget,
  MESSAGE,
  type MessageType,
  type StreamMessage,
  type StreamTarget
} from './stream-message.ts'

export const DEFAULT_MAX_STREAMS = 128
const MAX_STREAM_ID = 0xffff
/** PING, PONG and refusals that may wait; a far end that provokes more does not read its answers. */
const MAX_WAITING_ANSWERS = 64

interface Answer {
  readonly streamId: number
  readonly type: MessageType
  readonly data: Uint8Array
}

export interface StreamMuxOptions {
  readonly role: 'client' | 'exit'
  readonly maxStreams?: number
  /** Something waits for {@link StreamMux.next}. */
  readonly onOutput: () => void
  /** `bytes` more (or, negative, fewer) are held in the streams' queues. */
  readonly hold: (bytes: number) => void
  /** At the exit: the client opened a stream. Must set its listener before it returns. */
  readonly onStream?: (stream: MuxStream) => void
  readonly onPong?: (token: Uint8Array) => void
}

export class StreamMux implements StreamOwner {
  readonly role: 'client' | 'exit'
  readonly hold: (bytes: number) => void
  /** Set at an exit that is shutting down: new streams are refused with it. */
  refusal: ResetReason | undefined
  /** Stream data only, without headers and fill. */
  bytesSent = 0
  bytesReceived = 0
  private readonly options: StreamMuxOptions
  private readonly maxStreams: number
  private readonly payload: Uint8Array
  private readonly streams = new Map<number, MuxStream>()
  private readonly ring: MuxStream[] = []
  private readonly answers: Answer[] = []
  /** Ids are used in ascending order, so one number tells which were used. */
  private lastId = 0

  constructor(options: StreamMuxOptions) {
    this.options = options
    this.role = options.role
    this.hold = options.hold
    this.maxStreams = options.maxStreams ?? DEFAULT_MAX_STREAMS
    this.payload = new Uint8Array(options.role === 'client' ? FORWARD_PAYLOAD_BYTES : BACKWARD_PAYLOAD_BYTES)
  }

  get streamCount(): number {
    return this.streams.size
  }

  /** Stream ids that are left; a circuit without any must be replaced. */
  get unusedIds(): number {
    return MAX_STREAM_ID - this.lastId
  }

  /**
   * At the client: open a stream to `target`. It may be written at once.
   * @throws CraftecError `invalid-argument` (target) | `limit-exceeded` (streams open, or ids used up)
   */
  open(target: StreamTarget): MuxStream {
    encodeTarget(target)
    if (this.streams.size >= this.maxStreams || this.unusedIds === 0)
      throw new CraftecError('limit-exceeded', `the circuit has no room for another stream; build another circuit`, {
        details: { streams: this.streams.size, maxStreams: this.maxStreams, unusedIds: this.unusedIds }
      })
    const stream = new MuxStream(++this.lastId, target, this)
    this.streams.set(stream.id, stream)
    return stream
  }

  /** Ask the far end for an echo of `token` (8 bytes). `false`: too many questions wait already. */
  ping(token: Uint8Array): boolean {
    return this.answer({ streamId: 0, type: MESSAGE.ping, data: token })
  }

  /**
   * Take one payload from the far end; nothing of it is kept.
   * @throws CraftecError `protocol-violation` | `malformed`: the circuit must end
   */
  receive(payload: Uint8Array): void {
    const message = decodeMessage(payload)
    switch (message.type) {
      case MESSAGE.noop:
        return
      case MESSAGE.ping:
        // A far end that asks faster than it takes answers gets none for the surplus.
        this.answer({ streamId: 0, type: MESSAGE.pong, data: message.data.slice() })
        return
      case MESSAGE.pong:
        this.options.onPong?.(message.data)
        return
      case MESSAGE.begin:
        this.receiveBegin(message)
        return
      case MESSAGE.data:
        this.bytesReceived += message.data.length
    }
    const stream = this.streams.get(message.streamId)
    if (stream !== undefined) stream.receive(message)
    else if (message.streamId > this.lastId) throw violation('a message for a stream that never was')
  }

  /** The next payload for the far end, valid until the next call, or `undefined` when nothing may go now. */
  next(): Uint8Array | undefined {
    const answer = this.answers.length === 0 ? undefined : this.answers.shift()
    if (answer !== undefined) {
      encodeMessage(this.payload.fill(0), answer.streamId, answer.type, answer.data)
      return this.payload
    }
    for (let stream = this.ring.shift(); stream !== undefined; stream = this.ring.shift()) {
      stream.scheduled = false
      if (!stream.hasOutput) continue
      this.bytesSent += stream.nextMessage(this.payload.fill(0))
      this.schedule(stream)
      return this.payload
    }
    return undefined
  }

  /** The circuit is gone: every stream ends with `error`. */
  close(error: CraftecError): void {
    const streams = [...this.streams.values()]
    this.streams.clear()
    this.ring.length = 0
    this.answers.length = 0
    for (const stream of streams) stream.abandon(error)
  }

  /** @internal for MuxStream */
  schedule(stream: MuxStream): void {
    if (stream.scheduled || !stream.hasOutput) return
    stream.scheduled = true
    this.ring.push(stream)
    this.options.onOutput()
  }

  /** @internal for MuxStream */
  release(stream: MuxStream): void {
    this.streams.delete(stream.id)
  }

  private receiveBegin({ streamId, data }: StreamMessage): void {
    if (this.role === 'client') throw violation('BEGIN from the exit')
    if (streamId <= this.lastId) throw violation('BEGIN with an id that is not above all before it')
    this.lastId = streamId
    const target = decodeTarget(data)
    const refusal = this.refusal ?? (this.streams.size >= this.maxStreams ? RESET.limit : undefined)
    if (refusal !== undefined) {
      if (!this.answer({ streamId, type: MESSAGE.reset, data: Uint8Array.of(refusal) }))
        throw violation('streams opened without reading the refusals')
      return
    }
    const stream = new MuxStream(streamId, target, this)
    this.streams.set(streamId, stream)
    this.options.onStream?.(stream)
  }

  private answer(answer: Answer): boolean {
    if (this.answers.length >= MAX_WAITING_ANSWERS) return false
    this.answers.push(answer)
    this.options.onOutput()
    return true
  }
}

function violation(what: string): CraftecError {
  return new CraftecError('protocol-violation', `streams of a circuit: ${what}`)
}
