/**
 * One QUIC connection from a browser: moves datagrams in and out of quiche, runs {@link WebTransportCore} on its streams,
 * and is the WebTransport session once CONNECT was answered.
 */
import type { Clock } from '../../../sdk/async/index.ts'
import { CraftecError } from '../../../sdk/errors/index.ts'
import { H3_ERROR, toH3StreamError } from '../h3/h3-codes.ts'
import { type AdmitSession, WebTransportCore, type WebTransportEffect } from '../h3/webtransport-core.ts'
import type { WebTransportSession, WebTransportStream } from '../web-transport-server.ts'
import type { Quiche, QuicheNativeConnection } from './load-quiche.ts'
import { QuicheStream, type StreamHost } from './quiche-stream.ts'

/** QUIC datagram payload: safe on every path that takes QUIC at all, and what quiche allocates for (RFC 9000 §14). */
const MAX_DATAGRAM_BYTES = 1350
/** Datagrams sent in one turn, so that one fast connection cannot hold up the others. */
const MAX_BURST = 64
/** How long the connection outlives its session, for the peer to read why it ended. */
const LINGER_MS = 250
/** First server-initiated bidirectional stream (RFC 9000 §2.1). */
const FIRST_STREAM_ID = 1

export interface ConnectionHost {
  readonly clock: Clock
  readonly admit: AdmitSession
  readonly handshakeTimeoutMs: number
  /** @returns false when the socket's queue is full; the datagram is then still sent, but no more should follow now */
  sendDatagram(datagram: Uint8Array, host: string, port: number): boolean
  onSession(session: WebTransportSession): void
  onViolation(): void
  /** Once: the connection is over, forget it. */
  onEnd(connection: QuicheConnection): void
}

export class QuicheConnection implements WebTransportSession, StreamHost {
  readonly remote: { readonly host: string; readonly port: number }
  readonly closed: Promise<CraftecError | undefined>
  onStream: (stream: WebTransportStream) => void = () => {}
  private readonly quiche: Quiche
  private readonly native: QuicheNativeConnection
  private readonly host: ConnectionHost
  private readonly local: { readonly host: string; readonly port: number }
  private readonly core: WebTransportCore
  private readonly streams = new Map<number, QuicheStream>()
  private readonly woken = new Set<QuicheStream>()
  /** Bytes of the HTTP layer that did not fit at once: settings and answers, some dozens of bytes each. */
  private readonly unsent = new Map<number, { bytes: Uint8Array; fin: boolean }>()
  private readonly scratch: Uint8Array
  private phase: 'handshake' | 'http' | 'session' | 'closing' | 'ended' = 'handshake'
  private nextStreamId = FIRST_STREAM_ID
  private turnQueued = false
  private timer: { readonly at: number; readonly cancel: () => void } | undefined
  private readonly cancelDeadline: () => void
  private cancelLinger: () => void = () => {}
  private resolveClosed: (error: CraftecError | undefined) => void = () => {}

  constructor(
    quiche: Quiche,
    native: QuicheNativeConnection,
    local: { readonly host: string; readonly port: number },
    remote: { readonly host: string; readonly port: number },
    scratch: Uint8Array,
    host: ConnectionHost
  ) {
    this.quiche = quiche
    this.native = native
    this.local = local
    this.remote = remote
    this.scratch = scratch
    this.host = host
    this.core = new WebTransportCore(host.admit)
    this.closed = new Promise(resolve => {
      this.resolveClosed = resolve
    })
    this.cancelDeadline = host.clock.after(host.handshakeTimeoutMs, () =>
      this.shut(H3_ERROR.requestRejected, 'no session in time', 'timeout')
    )
  }

  get established(): boolean {
    return this.phase !== 'handshake'
  }

  get id(): Uint8Array {
    return this.native.sourceId()
  }

  /** A datagram addressed to this connection, from its peer's address. quiche decrypts it in place. */
  receive(datagram: Uint8Array): void {
    if (this.phase === 'ended') return
    try {
      this.native.recv(datagram, { from: this.remote, to: this.local })
    } catch {
      // quiche queues the CONNECTION_CLOSE that says what was wrong; a forged datagram is simply dropped.
    }
    this.queueTurn()
  }

  openStream(): WebTransportStream {
    const preface = this.core.streamPreface()
    if (this.phase !== 'session') throw new CraftecError('link-closed', 'the WebTransport session is closing')
    if (this.native.peerStreamsLeftBidi() === 0)
      throw new CraftecError('limit-exceeded', 'the peer allows no more streams at this time')
    const id = this.nextStreamId
    this.nextStreamId += 4
    const stream = new QuicheStream(id, this, { preface })
    this.streams.set(id, stream)
    return stream
  }

  close(code: number, reason: string): void {
    if (this.phase !== 'session') {
      this.shut(H3_ERROR.noError, reason)
      return
    }
    this.apply(this.core.close(code, reason))
  }

  /** End without lingering: CONNECTION_CLOSE now, and nothing after. */
  terminate(code: number, reason: string): void {
    this.shut(code, reason)
    this.turn()
    this.end(undefined)
  }

  /** Refuse a connection at its first packet (RFC 9000 §5.2.2). */
  refuse(): void {
    this.flush() // the ServerHello: without it the client cannot read the refusal, which quiche sends under handshake keys
    this.native.close(false, this.quiche.ConnectionErrorCode.ConnectionRefused, new Uint8Array(0))
    this.flush()
    this.end(undefined)
  }

  sendStream(id: number, bytes: Uint8Array, fin: boolean): number | 'stopped' {
    try {
      const taken = this.native.streamSend(id, bytes, fin) ?? 0
      this.queueTurn()
      return taken
    } catch {
      // StreamStopped, or the stream or connection is gone: either way nothing more will be taken.
      return 'stopped'
    }
  }

  streamRoom(id: number): number | 'stopped' {
    try {
      return this.native.streamCapacity(id)
    } catch {
      return 'stopped'
    }
  }

  receiveStream(id: number): { bytes: Uint8Array; fin: boolean } | 'reset' | undefined {
    try {
      const got = this.native.streamRecv(id, this.scratch)
      return got === null ? undefined : { bytes: this.scratch.slice(0, got[0]), fin: got[1] }
    } catch (error) {
      // A stream that nothing has arrived on yet is unknown to quiche; a reset one says so. No codes, only text, here.
      return error instanceof Error && error.message.startsWith('StreamReset') ? 'reset' : undefined
    }
  }

  resetStream(id: number, code: number): void {
    this.shutdown(id, this.quiche.Shutdown.Write, toH3StreamError(code))
  }

  stopStream(id: number, code: number): void {
    this.shutdown(id, this.quiche.Shutdown.Read, toH3StreamError(code))
  }

  wake(stream: QuicheStream): void {
    this.woken.add(stream)
    this.queueTurn()
  }

  forget(stream: QuicheStream): void {
    this.streams.delete(stream.id)
  }

  /** Datagrams come many to a poll: do the rest of the work once for all of them. */
  private queueTurn(): void {
    if (this.turnQueued || this.phase === 'ended') return
    this.turnQueued = true
    setImmediate(() => this.turn())
  }

  private turn(): void {
    this.turnQueued = false
    if (this.phase === 'ended') return
    if (this.phase === 'handshake' && this.native.isEstablished()) {
      this.phase = 'http'
      this.apply(this.core.start())
    }
    if (this.phase === 'http' || this.phase === 'session') this.pumpStreams()
    this.flush()
    if (this.native.isClosed() || this.native.isDraining()) this.end(this.endCause())
  }

  private pumpStreams(): void {
    for (const id of this.native.readable()) {
      const stream = this.streams.get(id)
      if (stream !== undefined) this.woken.add(stream)
      else this.readForCore(id)
    }
    for (const [id, { bytes, fin }] of this.unsent) this.sendOwn(id, bytes, fin)
    for (const stream of this.streams.values()) if (stream.wantsRoom) this.woken.add(stream)
    const woken = [...this.woken]
    this.woken.clear()
    for (const stream of woken) stream.pump()
  }

  private readForCore(id: number): void {
    // A stream of the session's is in `streams`; what is left of one that was given up is not for the HTTP layer.
    if (id % 4 === 1) {
      this.stopStream(id, 0)
      return
    }
    for (;;) {
      const next = this.receiveStream(id)
      if (next === undefined || this.phase === 'closing') return
      this.apply(next === 'reset' ? this.core.reset(id) : this.core.receive(id, next.bytes, next.fin))
      if (next === 'reset' || next.fin || this.streams.has(id)) return
    }
  }

  private apply(effects: readonly WebTransportEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'write':
          this.sendOwn(effect.streamId, effect.bytes, effect.fin)
          break
        case 'stop':
          this.shutdown(effect.streamId, this.quiche.Shutdown.Read, effect.code)
          break
        case 'abort-stream':
          this.shutdown(effect.streamId, this.quiche.Shutdown.Read, effect.code)
          this.shutdown(effect.streamId, this.quiche.Shutdown.Write, effect.code)
          break
        case 'session':
          this.phase = 'session'
          this.cancelDeadline()
          this.host.onSession(this)
          break
        case 'stream': {
          const stream = new QuicheStream(effect.streamId, this, { rest: { bytes: effect.rest, fin: effect.fin } })
          this.streams.set(effect.streamId, stream)
          this.onStream(stream)
          break
        }
        case 'session-closed':
          this.endSession(effect.code === 0 ? undefined : sessionError(effect.code))
          this.cancelLinger = this.host.clock.after(LINGER_MS, () => this.shut(H3_ERROR.noError, ''))
          break
        case 'violation':
          this.host.onViolation()
          this.shut(effect.code, effect.reason)
          break
      }
    }
  }

  private sendOwn(id: number, bytes: Uint8Array, fin: boolean): void {
    const taken = this.sendStream(id, bytes, fin)
    if (taken === 'stopped' || taken === bytes.length) this.unsent.delete(id)
    else this.unsent.set(id, { bytes: bytes.subarray(taken), fin })
  }

  private shutdown(id: number, direction: number, code: number): void {
    try {
      this.native.streamShutdown(id, direction, code)
    } catch {
      // Already over in that direction.
    }
    this.queueTurn()
  }

  /** Send CONNECTION_CLOSE; quiche then drains by itself. */
  private shut(code: number, reason: string, errorCode: 'link-closed' | 'timeout' = 'link-closed'): void {
    if (this.phase === 'closing' || this.phase === 'ended') return
    this.native.close(true, code, new TextEncoder().encode(reason))
    this.endSession(reason === '' ? undefined : new CraftecError(errorCode, `WebTransport connection ended: ${reason}`))
    this.phase = 'closing'
    this.queueTurn()
  }

  private endSession(error: CraftecError | undefined): void {
    this.resolveClosed(error)
    const streams = [...this.streams.values()]
    this.streams.clear()
    for (const stream of streams) stream.abandon(0)
  }

  private flush(): void {
    for (let sent = 0; sent < MAX_BURST; sent++) {
      const datagram = Buffer.allocUnsafe(MAX_DATAGRAM_BYTES)
      const result = this.nextDatagram(datagram)
      if (result === null) {
        this.armTimer()
        return
      }
      const [length, info] = result
      if (!this.host.sendDatagram(datagram.subarray(0, length), info.to.host, info.to.port)) break
    }
    this.armTimer()
    this.queueTurn()
  }

  private nextDatagram(datagram: Uint8Array): ReturnType<QuicheNativeConnection['send']> {
    try {
      return this.native.send(datagram)
    } catch (cause) {
      // A state that quiche cannot send from: this connection is lost, and no other may suffer for it.
      this.end(new CraftecError('link-closed', 'the QUIC connection failed', { cause }))
      return null
    }
  }

  /** quiche's timer moves with every packet: keep an earlier alarm rather than set a new one each time. */
  private armTimer(): void {
    const delayMs = this.native.timeout()
    if (delayMs === null || this.phase === 'ended') return
    const at = this.host.clock.monotonic() + delayMs
    if (this.timer !== undefined && this.timer.at <= at) return
    this.timer?.cancel()
    this.timer = { at, cancel: this.host.clock.after(delayMs, () => this.onTimer()) }
  }

  private onTimer(): void {
    this.timer = undefined
    if (this.phase === 'ended') return
    if (this.native.timeout() === 0) this.native.onTimeout()
    this.turn()
    this.armTimer()
  }

  private endCause(): CraftecError {
    if (this.native.isTimedOut()) return new CraftecError('timeout', 'the peer fell silent')
    const code = this.native.peerError()?.errorCode ?? 0
    return new CraftecError('link-closed', `the peer closed the connection (code ${code})`, { details: { code } })
  }

  private end(error: CraftecError | undefined): void {
    if (this.phase === 'ended') return
    this.phase = 'ended'
    this.cancelDeadline()
    this.cancelLinger()
    this.timer?.cancel()
    this.endSession(error)
    this.host.onEnd(this)
  }
}

function sessionError(code: number): CraftecError {
  return new CraftecError('link-closed', `the peer closed the session with code ${code}`, { details: { code } })
}
