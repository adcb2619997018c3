/** From a URL to a stream that speaks to it, TLS included: what requests and WebSockets have in common. */
import type { ByteDuplex } from '../http/index.ts'
import type { OpenedStream, StreamTarget } from './open-stream.ts'
import type { TlsEngine } from './tls-engine.ts'

/** Where the stream of a URL goes, and what it may share a circuit with. */
export interface UrlTarget {
  readonly target: StreamTarget
  readonly secure: boolean
  /** The origin, with a WebSocket's beside its site's: they tell the same server the same things. */
  readonly isolation: string
}

/** @param url `http:`, `https:`, `ws:` or `wss:` */
export function urlTarget(url: URL): UrlTarget {
  const secure = url.protocol === 'https:' || url.protocol === 'wss:'
  return {
    target: {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port)
    },
    secure,
    isolation: `${secure ? 'https' : 'http'}://${url.host}`
  }
}

/**
 * The stream itself, or TLS over it. The exit's refusal says more than the end of the bytes that a handshake makes of it.
 * @throws CraftecError what the exit refused with, or what {@link TlsEngine.connect} throws
 */
export async function securedStream(
  { duplex, opened }: OpenedStream,
  { target, secure }: UrlTarget,
  tls: TlsEngine,
  signal: AbortSignal
): Promise<ByteDuplex> {
  if (!secure) return duplex
  try {
    return await tls.connect(duplex, { host: target.host, alpn: ['http/1.1'], signal })
  } catch (error) {
    if (!signal.aborted) await opened
    throw error
  }
}
