import type { MuxStream } from '../../sdk/net/circuit/index.ts'
import type { SeededRandom, SimulatedTime } from './onion-simulation.ts'

export interface StreamDriverOptions {
  readonly time: SimulatedTime
  readonly random: SeededRandom
  /** What to write, then finish. */
  readonly toSend: Uint8Array
  /** Longest pause before each read; a large one makes a slow reader. */
  readonly maxReadPauseMs: number
  readonly onRead?: (bytes: Uint8Array) => void
}

/** Uses one end of a stream as a program would: writes in pieces, reads in its own time, remembers how it ended. */
export class StreamDriver {
  readonly stream: MuxStream
  received = new Uint8Array(0)
  farFinished = false
  ended: 'open' | 'finished' | Error = 'open'
  private readonly options: StreamDriverOptions
  private sent = 0
  private reading = false

  constructor(stream: MuxStream, options: StreamDriverOptions) {
    this.stream = stream
    this.options = options
    stream.listener = {
      connected: () => {},
      readable: () => this.readSoon(),
      written: () => this.options.time.after(0, () => this.write()),
      ended: error => {
        this.ended = error ?? 'finished'
      }
    }
    this.options.time.after(0, () => this.write())
    this.readSoon()
  }

  private write(): void {
    const { toSend, random } = this.options
    if (this.stream.isOver || this.stream.bufferedBytes > 65_536) return
    if (this.sent === toSend.length) {
      this.stream.end()
      return
    }
    const piece = toSend.subarray(this.sent, this.sent + 1 + random.below(40_000))
    this.sent += piece.length
    this.stream.write(piece)
  }

  private readSoon(): void {
    if (this.reading) return
    this.reading = true
    const { time, random, maxReadPauseMs } = this.options
    time.after(random.below(maxReadPauseMs + 1), () => {
      this.reading = false
      const bytes = this.stream.read()
      if (bytes !== undefined) {
        const joined = new Uint8Array(this.received.length + bytes.length)
        joined.set(this.received)
        joined.set(bytes, this.received.length)
        this.received = joined
        this.options.onRead?.(bytes)
        this.readSoon()
      } else if (this.stream.readEnded) this.farFinished = true
    })
  }
}
