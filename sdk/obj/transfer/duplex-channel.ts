import { type Clock, systemClock } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { Channel } from '../../p2p/index.ts'

/** Bytes both ways, with back-pressure: a stream of a circuit, or one end of a pair in memory. */
export interface ByteDuplex {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

export type DuplexChannelInfo = Pick<Channel, 'remotePeer' | 'remoteKey' | 'direction' | 'maxFrameBytes'> & {
  readonly clock?: Clock
}

const LENGTH_BYTES = 4
/** Frames that are on their way into the stream; more wait with their sender. */
const MAX_QUEUED_BYTES = 256 * 1024
/** How long `close` waits for the other side. */
const CLOSE_MS = 5_000

/**
 * A channel over any byte stream: each frame is `length u32 ‖ payload`. There are no credits: what is below has back-pressure of its
 * own. For storage over circuits, where the other end is known by the circuit.
 */
export class DuplexChannel implements Channel {
  readonly remotePeer: Channel['remotePeer']
  readonly remoteKey: Uint8Array
  readonly transport = 'websocket'
  readonly direction: Channel['direction']
  readonly maxFrameBytes: number
  readonly closed: Promise<CraftecError | undefined>
  readonly #settle: (error: CraftecError | undefined) => void
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #clock: Clock
  #queuedBytes = 0
  #waiting: (() => void)[] = []
  #over: CraftecError | 'closed' | undefined

  constructor({ readable, writable }: ByteDuplex, info: DuplexChannelInfo) {
    this.remotePeer = info.remotePeer
    this.remoteKey = info.remoteKey
    this.direction = info.direction
    this.maxFrameBytes = info.maxFrameBytes
    this.#clock = info.clock ?? systemClock
    this.#reader = readable.getReader()
    this.#writer = writable.getWriter()
    const { promise, resolve } = Promise.withResolvers<CraftecError | undefined>()
    this.closed = promise
    this.#settle = resolve
  }

  trySend(frame: Uint8Array): boolean {
    this.#check(frame)
    if (this.#over !== undefined || this.#queuedBytes >= MAX_QUEUED_BYTES) return false
    this.#push(frame)
    return true
  }

  async writable(signal?: AbortSignal): Promise<void> {
    while (this.#queuedBytes >= MAX_QUEUED_BYTES && this.#over === undefined) {
      if (signal?.aborted) throw CraftecError.from(signal.reason, 'aborted')
      await new Promise<void>(resolve => {
        this.#waiting.push(resolve)
        signal?.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    if (this.#over !== undefined) throw this.#ended()
  }

  async send(frame: Uint8Array, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    this.#check(frame)
    await this.writable(options.signal)
    this.#push(frame)
  }

  async *frames(): AsyncIterableIterator<Uint8Array> {
    let held: Uint8Array = new Uint8Array(0)
    for (;;) {
      while (held.length >= LENGTH_BYTES) {
        const length = new DataView(held.buffer, held.byteOffset).getUint32(0)
        if (length > this.maxFrameBytes) {
          const error = new CraftecError('protocol-violation', `a frame of ${length} bytes, over ${this.maxFrameBytes}`)
          this.abort(error)
          throw error
        }
        if (held.length < LENGTH_BYTES + length) break
        yield held.slice(LENGTH_BYTES, LENGTH_BYTES + length)
        held = held.subarray(LENGTH_BYTES + length)
      }
      const { done, value } = await this.#read()
      if (done) {
        if (held.length > 0) throw new CraftecError('link-closed', 'the stream ended in the middle of a frame')
        return
      }
      held = joined(held, value)
    }
  }

  async close(): Promise<void> {
    if (this.#over !== undefined) return
    this.#over = 'closed'
    this.#wake()
    const cancel = this.#clock.after(CLOSE_MS, () => void this.#reader.cancel().catch(() => {}))
    await this.#writer.close().catch(() => {})
    await this.#reader.cancel().catch(() => {})
    cancel()
    this.#settle(undefined)
  }

  abort(error: CraftecError): void {
    if (this.#over instanceof CraftecError) return
    this.#over = error
    this.#wake()
    this.#writer.abort(error).catch(() => {})
    this.#reader.cancel(error).catch(() => {})
    this.#settle(error)
  }

  async #read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    try {
      return await this.#reader.read()
    } catch (cause) {
      const error = new CraftecError('link-closed', 'the stream to the peer was cut', { cause })
      this.abort(error)
      throw error
    }
  }

  #push(frame: Uint8Array): void {
    const bytes = new Uint8Array(LENGTH_BYTES + frame.length)
    new DataView(bytes.buffer).setUint32(0, frame.length)
    bytes.set(frame, LENGTH_BYTES)
    this.#queuedBytes += bytes.length
    this.#writer.write(bytes).then(
      () => {
        this.#queuedBytes -= bytes.length
        this.#wake()
      },
      cause => this.abort(new CraftecError('link-closed', 'the stream to the peer was cut', { cause }))
    )
  }

  #check(frame: Uint8Array): void {
    if (frame.length > this.maxFrameBytes)
      throw new CraftecError(
        'invalid-argument',
        `frame of ${frame.length} bytes, at most ${this.maxFrameBytes} allowed`
      )
  }

  #ended(): CraftecError {
    return this.#over instanceof CraftecError ? this.#over : new CraftecError('link-closed', 'the channel is closed')
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length === 0) return right
  const both = new Uint8Array(left.length + right.length)
  both.set(left)
  both.set(right, left.length)
  return both
}

/** Two ends in memory; what is written to one is read from the other. @param bufferBytes held for a reader that is behind */
export function duplexPair(bufferBytes = MAX_QUEUED_BYTES): readonly [ByteDuplex, ByteDuplex] {
  const pipe = () =>
    new TransformStream<Uint8Array, Uint8Array>(
      {},
      new ByteLengthQueuingStrategy({ highWaterMark: bufferBytes }),
      new ByteLengthQueuingStrategy({ highWaterMark: bufferBytes })
    )
  const [there, back] = [pipe(), pipe()]
  return [
    { readable: back.readable, writable: there.writable },
    { readable: there.readable, writable: back.writable }
  ]
}
