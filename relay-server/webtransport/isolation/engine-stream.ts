import type { WebTransportStream } from '../web-transport-server.ts'
import { ACK_BATCH_BYTES, STREAM_CREDIT_BYTES, type StreamMessage } from './engine-messages.ts'

const NOTHING: Uint8Array = new Uint8Array(0)

/** The engine's end of a stream between the processes: a stalled relay pauses the QUIC stream, and the other way round. */
export class EngineStream {
  private readonly stream: WebTransportStream
  private readonly key: { readonly session: number; readonly stream: number }
  private readonly send: (message: StreamMessage) => void
  /** Sent to the relay and not yet taken there. */
  private unacknowledged = 0
  /** From the relay and not yet taken by QUIC: at most the credit. */
  private pending: Uint8Array[] = []
  private taken = 0
  private finishing = false

  constructor(
    stream: WebTransportStream,
    key: { readonly session: number; readonly stream: number },
    send: (message: StreamMessage) => void,
    onDone: () => void
  ) {
    this.stream = stream
    this.key = key
    this.send = send
    let readable = true
    let writable = true
    const ended = (): void => {
      if (!readable && !writable) onDone()
    }
    this.onWriteEnd = () => {
      writable = false
      ended()
    }
    this.onReadEnd = () => {
      readable = false
      ended()
    }
    stream.attach({
      onData: bytes => this.onData(bytes),
      onEnd: () => {
        send({ kind: 'finish', ...key })
        this.onReadEnd()
      },
      onReset: code => {
        send({ kind: 'reset', code, ...key })
        this.onReadEnd()
      },
      onStopped: code => {
        this.pending = []
        send({ kind: 'stop', code, ...key })
        this.onWriteEnd()
      },
      onWritable: () => this.flush()
    })
  }

  private readonly onWriteEnd: () => void
  private readonly onReadEnd: () => void

  onMessage(message: StreamMessage): void {
    switch (message.kind) {
      case 'data':
        this.pending.push(message.bytes)
        this.flush()
        break
      case 'taken':
        this.unacknowledged -= message.count
        if (this.unacknowledged < STREAM_CREDIT_BYTES) this.stream.resume()
        break
      case 'finish':
        this.finishing = true
        this.flush()
        break
      case 'reset':
        this.pending = []
        this.stream.reset(message.code)
        this.onWriteEnd()
        break
      case 'stop':
        this.stream.stop(message.code)
        this.onReadEnd()
        break
    }
  }

  private onData(bytes: Uint8Array): void {
    this.unacknowledged += bytes.length
    if (this.unacknowledged >= STREAM_CREDIT_BYTES) this.stream.pause()
    this.send({ kind: 'data', bytes, ...this.key })
  }

  private flush(): void {
    while (this.pending.length > 0) {
      const chunk = this.pending[0] ?? NOTHING
      const count = this.stream.write(chunk)
      this.acknowledge(count)
      if (count < chunk.length) {
        this.pending[0] = chunk.subarray(count)
        return
      }
      this.pending.shift()
    }
    if (!this.finishing) return
    this.finishing = false
    this.stream.finish()
    this.onWriteEnd()
  }

  private acknowledge(count: number): void {
    this.taken += count
    if (this.taken < ACK_BATCH_BYTES) return
    this.send({ kind: 'taken', count: this.taken, ...this.key })
    this.taken = 0
  }
}
