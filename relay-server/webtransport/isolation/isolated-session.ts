import { CraftecError } from '../../../sdk/errors/index.ts'
import type { WebTransportSession, WebTransportStream } from '../web-transport-server.ts'
import type { StreamMessage, ToEngine } from './engine-messages.ts'
import { IsolatedStream } from './isolated-stream.ts'

/** The relay's end of a session in the engine process. */
export class IsolatedSession implements WebTransportSession {
  readonly remote: { readonly host: string; readonly port: number }
  readonly closed: Promise<CraftecError | undefined>
  onStream: (stream: WebTransportStream) => void = () => {}
  private readonly id: number
  private readonly send: (message: ToEngine) => void
  private readonly streams = new Map<number, IsolatedStream>()
  private lastOwnStream = 0
  private open = true
  private resolveClosed: (error: CraftecError | undefined) => void = () => {}

  constructor(id: number, remote: { readonly host: string; readonly port: number }, send: (message: ToEngine) => void) {
    this.id = id
    this.remote = remote
    this.send = send
    this.closed = new Promise(resolve => {
      this.resolveClosed = resolve
    })
  }

  openStream(): WebTransportStream {
    if (!this.open) throw new CraftecError('link-closed', 'the WebTransport session is over')
    const id = --this.lastOwnStream
    this.send({ kind: 'open-stream', session: this.id, stream: id })
    return this.add(id)
  }

  close(code: number, reason: string): void {
    if (this.open) this.send({ kind: 'close-session', session: this.id, code, reason })
  }

  onRemoteStream(id: number): void {
    this.onStream(this.add(id))
  }

  onStreamMessage(message: StreamMessage): void {
    this.streams.get(message.stream)?.onMessage(message)
  }

  end(error: CraftecError | undefined): void {
    if (!this.open) return
    this.open = false
    this.resolveClosed(error)
    const streams = [...this.streams.values()]
    this.streams.clear()
    for (const stream of streams) stream.abandon()
  }

  private add(id: number): IsolatedStream {
    const stream = new IsolatedStream(
      this.id,
      id,
      message => this.send(message),
      () => this.streams.delete(id)
    )
    this.streams.set(id, stream)
    return stream
  }
}
