/** What the libp2p listener needs of a WebTransport engine. Push-style: an engine calls, a paused stream is not read. */
import type { CraftecError } from '../../sdk/errors/index.ts'
import type { TlsCertificate } from './certificate/tls-certificate.ts'

export interface WebTransportStreamEvents {
  /** Bytes the receiver may keep. Not called while the stream is paused. */
  onData(bytes: Uint8Array): void
  /** The peer finished its direction. */
  onEnd(): void
  /** The peer reset its direction, or the session ended. */
  onReset(code: number): void
  /** The peer will read no more of what this side writes. */
  onStopped(code: number): void
  /** After a `write` that took less than all. */
  onWritable(): void
}

/** A bidirectional stream. Reading starts with `attach`. */
export interface WebTransportStream {
  readonly id: number
  attach(events: WebTransportStreamEvents): void
  /** @returns how many bytes were taken (copied); fewer than given means: wait for `onWritable` */
  write(bytes: Uint8Array): number
  finish(): void
  /** Give up this side's direction. */
  reset(code: number): void
  /** Ask the peer to send no more. */
  stop(code: number): void
  pause(): void
  resume(): void
}

export interface WebTransportSession {
  readonly remote: { readonly host: string; readonly port: number }
  /** Set once, directly after the session was handed out. */
  onStream: (stream: WebTransportStream) => void
  /** @throws CraftecError `limit-exceeded` when the peer allows no more streams, `link-closed` */
  openStream(): WebTransportStream
  close(code: number, reason: string): void
  /** Resolves with `undefined` after an orderly end, else with the cause. Never rejects. */
  readonly closed: Promise<CraftecError | undefined>
}

export interface WebTransportServerLimits {
  /** Connections at a time, established or not. */
  readonly maxSessions: number
  /** Connections at a time from one IP address. */
  readonly maxSessionsPerHost: number
  /** From the first packet to the open session. */
  readonly handshakeTimeoutMs: number
  /** Nothing heard for this long ends a connection. */
  readonly idleTimeoutMs: number
  /** Bidirectional streams at a time that the peer may have open. */
  readonly maxStreams: number
}

export interface WebTransportServerOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly certificate: TlsCertificate
  readonly limits: WebTransportServerLimits
  /** The one path, with its query, that has sessions; others are answered with 404. */
  readonly path: string
  readonly onSession: (session: WebTransportSession) => void
}

export interface WebTransportServer {
  readonly address: { readonly host: string; readonly port: number }
  /** For new connections; those open keep theirs. */
  setCertificate(certificate: TlsCertificate): void
  stats(): WebTransportServerStats
  /** Ends all sessions and frees the port, within about a second. Idempotent. */
  close(): Promise<void>
}

/** Counters since the start, and `sessions` now. */
export interface WebTransportServerStats {
  readonly sessions: number
  readonly accepted: number
  readonly refused: number
  readonly retried: number
  readonly violations: number
}
