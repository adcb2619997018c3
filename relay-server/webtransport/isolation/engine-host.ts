import { CraftecError } from '../../../sdk/errors/index.ts'
import type { WebTransportServer, WebTransportServerOptions, WebTransportSession } from '../web-transport-server.ts'
import type { EngineStart, FromEngine, StreamMessage, ToEngine } from './engine-messages.ts'
import { EngineStream } from './engine-stream.ts'

interface HostedSession {
  readonly session: WebTransportSession
  readonly streams: Map<number, EngineStream>
}

/** Runs a WebTransport server for the process at the other end of a message channel. */
export class EngineHost {
  private readonly startServer: (options: WebTransportServerOptions) => Promise<WebTransportServer>
  private readonly send: (message: FromEngine) => void
  private readonly sessions = new Map<number, HostedSession>()
  private server: WebTransportServer | undefined
  private lastSession = 0

  constructor(
    startServer: (options: WebTransportServerOptions) => Promise<WebTransportServer>,
    send: (message: FromEngine) => void
  ) {
    this.startServer = startServer
    this.send = send
  }

  async onMessage(message: ToEngine): Promise<void> {
    switch (message.kind) {
      case 'start':
        await this.start(message)
        break
      case 'certificate':
        this.server?.setCertificate(message.certificate)
        break
      case 'open-stream':
        this.openStream(message.session, message.stream)
        break
      case 'close-session':
        this.sessions.get(message.session)?.session.close(message.code, message.reason)
        break
      case 'ping':
        if (this.server !== undefined) this.send({ kind: 'pong', stats: this.server.stats() })
        break
      case 'close':
        await this.server?.close()
        this.send({ kind: 'closed' })
        break
      default:
        this.sessions.get(message.session)?.streams.get(message.stream)?.onMessage(message)
    }
  }

  private async start({ host, port, path, certificate, limits }: EngineStart): Promise<void> {
    try {
      this.server = await this.startServer({
        host,
        port,
        path,
        certificate,
        limits,
        onSession: session => this.onSession(session)
      })
      this.send({ kind: 'listening', ...this.server.address })
    } catch (error) {
      this.send({ kind: 'failed', why: CraftecError.from(error).message })
    }
  }

  private onSession(session: WebTransportSession): void {
    const id = ++this.lastSession
    const streams = new Map<number, EngineStream>()
    this.sessions.set(id, { session, streams })
    this.send({ kind: 'session', session: id, ...session.remote })
    session.onStream = stream => {
      this.send({ kind: 'stream', session: id, stream: stream.id })
      this.host(id, stream.id, stream)
    }
    void session.closed.then(error => {
      this.sessions.delete(id)
      this.send({ kind: 'session-closed', session: id, why: error?.message })
    })
  }

  private openStream(session: number, stream: number): void {
    const hosted = this.sessions.get(session)
    if (hosted === undefined) return
    try {
      this.host(session, stream, hosted.session.openStream())
    } catch {
      // No room, or the session is ending: to the relay it looks like a stream that the peer refused.
      this.send({ kind: 'reset', session, stream, code: 0 })
      this.send({ kind: 'stop', session, stream, code: 0 })
    }
  }

  private host(session: number, id: number, stream: Parameters<WebTransportSession['onStream']>[0]): void {
    const streams = this.sessions.get(session)?.streams
    const send = (message: StreamMessage): void => this.send(message)
    streams?.set(id, new EngineStream(stream, { session, stream: id }, send, () => streams.delete(id)))
  }
}
