/**
 * Sessions of our client with OpenSSL, recorded with everything needed to open, change and close their records again. The
 * client's keys and random bytes are part of the recording, so that the same ClientHello, and with it the same session,
 * comes about on every machine.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface RecordedSession {
  readonly name: string
  readonly suite: string
  /** Milliseconds since the Unix epoch; the certificates are valid then. */
  readonly now: number
  /** In PEM. */
  readonly root: string
  readonly alpn: readonly string[]
  /** What the client drew while it made its offers, one after the other. */
  readonly clientRandom: Buffer
  /** Private keys of the client in PKCS#8, by what was asked of WebCrypto: `X25519`, `P-384`, `ML-KEM-768`. */
  readonly clientKeys: Readonly<Record<string, Buffer>>
  /** HelloRetryRequest if there was one, ServerHello: sent in the clear. */
  readonly hellos: readonly Buffer[]
  /** EncryptedExtensions to Finished. */
  readonly flight: readonly Buffer[]
  readonly handshakeSecret: Buffer
  readonly tickets: readonly Buffer[]
  readonly applicationSecret: Buffer
}

export const SESSIONS_FILE: string = join(import.meta.dirname, '../vectors/tls-sessions.json')

/** Bytes are hexadecimal in the file. */
export function writeSessions(sessions: readonly RecordedSession[]): string {
  const hex = (_: string, value: unknown): unknown =>
    value instanceof Object && 'type' in value && value.type === 'Buffer' && 'data' in value
      ? `hex:${Buffer.from(value.data as number[]).toString('hex')}`
      : value
  return `${JSON.stringify(sessions, hex, 2)}\n`
}

export function readSessions(text = readFileSync(SESSIONS_FILE, 'utf8')): readonly RecordedSession[] {
  const bytes = (_: string, value: unknown): unknown =>
    typeof value === 'string' && value.startsWith('hex:') ? Buffer.from(value.slice(4), 'hex') : value
  return JSON.parse(text, bytes) as RecordedSession[]
}
