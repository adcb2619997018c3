/**
 * What the relay and the process that runs the native QUIC code say to each other. Both ends are this package in one
 * version, so neither checks the other's messages: the process contains crashes, hangs and memory, not treason.
 */
import type { TlsCertificate } from '../certificate/tls-certificate.ts'
import type { WebTransportServerLimits, WebTransportServerStats } from '../web-transport-server.ts'

/** Bytes of one direction of a stream that may be between the processes. Taken bytes are acknowledged in batches. */
export const STREAM_CREDIT_BYTES = 256 * 1024
export const ACK_BATCH_BYTES = 32 * 1024

export interface EngineStart {
  readonly kind: 'start'
  readonly host: string
  readonly port: number
  readonly path: string
  readonly certificate: TlsCertificate
  readonly limits: WebTransportServerLimits
  /** Resident memory at which the engine ends itself. */
  readonly maxMemoryBytes: number
}

/** `session` and `stream` number what the engine opened; streams the relay opens have negative numbers. */
interface OfStream {
  readonly session: number
  readonly stream: number
}

export type StreamMessage =
  | ({ readonly kind: 'data'; readonly bytes: Uint8Array } & OfStream)
  | ({ readonly kind: 'taken'; readonly count: number } & OfStream)
  | ({ readonly kind: 'finish' } & OfStream)
  | ({ readonly kind: 'reset'; readonly code: number } & OfStream)
  | ({ readonly kind: 'stop'; readonly code: number } & OfStream)

export type ToEngine =
  | EngineStart
  | StreamMessage
  | { readonly kind: 'certificate'; readonly certificate: TlsCertificate }
  | ({ readonly kind: 'open-stream' } & OfStream)
  | { readonly kind: 'close-session'; readonly session: number; readonly code: number; readonly reason: string }
  | { readonly kind: 'ping' }
  | { readonly kind: 'close' }

export type FromEngine =
  | StreamMessage
  | { readonly kind: 'listening'; readonly host: string; readonly port: number }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'session'; readonly session: number; readonly host: string; readonly port: number }
  | ({ readonly kind: 'stream' } & OfStream)
  | { readonly kind: 'session-closed'; readonly session: number; readonly why: string | undefined }
  | { readonly kind: 'pong'; readonly stats: WebTransportServerStats }
  | { readonly kind: 'closed' }
