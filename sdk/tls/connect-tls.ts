import { systemRandom, withDeadline } from '../async/index.ts'
import { CraftecError } from '../errors/index.ts'
import { createOffer } from './client-offer.ts'
import { groupName } from './key-exchange.ts'
import { RECORDS_PER_KEY, TlsConnection, type Transport } from './tls-connection.ts'
import { parseServerName } from './x509/server-name.ts'
import { readTrustAnchors, type TrustAnchor } from './x509/trust-anchor.ts'
import { validateChain } from './x509/validate-chain.ts'

export interface TlsOptions {
  /** The host name (any script) or address literal (IPv6 with or without brackets) the certificate must be for. */
  readonly serverName: string
  /** Protocols to offer (RFC 7301), best first, in ASCII. Default: none. */
  readonly alpn?: readonly string[] | undefined
  /** Trust these certificates (DER, or text with any number of PEM blocks) and no others. Default: Mozilla's list. */
  readonly roots?: readonly (Uint8Array | string)[] | undefined
  /** When certificates must be valid, in milliseconds since the Unix epoch. Default: the machine's clock. */
  readonly now?: number | undefined
  /** Ends the handshake; later on, cancel `readable` and abort `writable`. */
  readonly signal?: AbortSignal | undefined
  /** For the whole handshake, in milliseconds. Default: 20,000. */
  readonly timeoutMs?: number | undefined
  /** Update our key after so many records. Default: 2^22, a quarter of what RFC 8446 §5.5 allows for AES-GCM. */
  readonly recordsPerKey?: number | undefined
}

export interface TlsInfo {
  readonly protocol: 'TLSv1.3'
  readonly cipherSuite: string
  readonly group: string
  readonly signatureScheme: string
  /** Agreed with ALPN. */
  readonly alpn: string | undefined
  /** As the server sent them, in DER, its own first. */
  readonly certificates: readonly Uint8Array[]
}

export interface TlsStream {
  /** Ends after close_notify and never otherwise; errors with `tls-truncated` when the transport ends first. */
  readonly readable: ReadableStream<Uint8Array>
  /** Closing it sends close_notify and ends this direction only. */
  readonly writable: WritableStream<Uint8Array>
  readonly info: TlsInfo
}

const DEFAULT_TIMEOUT_MS = 20_000

/**
 * Speak TLS 1.3 over any byte stream, with the server authenticated for `serverName`. **This client is unaudited.**
 *
 * The first data written travels right behind our Finished, without waiting for the server. The transport is this
 * connection's from the call on: it is closed when the call fails, and when both directions have ended.
 * @throws CraftecError `invalid-argument` | `unsupported` | `timeout` | `aborted`; `tls-certificate-name-mismatch` |
 *   `tls-certificate-expired` | `tls-certificate-untrusted` | `tls-certificate-invalid` when the server is not who it should
 *   be; `tls-handshake-failed` | `tls-version-unsupported` when it refuses; `tls-protocol-violation` | `tls-truncated` when
 *   something is wrong with what it sends, or with what is on the way. `details.alert` names the alert sent or received.
 * @example
 * import { connectTls } from '@craftec/web/tls'
 * declare const tcp: { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> }
 * const { readable, writable, info } = await connectTls(tcp, { serverName: 'example.org', alpn: ['http/1.1'] })
 * console.log(info.cipherSuite)
 */
export async function connectTls(stream: Transport, options: TlsOptions): Promise<TlsStream> {
  const { alpn = [], now = Date.now(), timeoutMs = DEFAULT_TIMEOUT_MS, recordsPerKey = RECORDS_PER_KEY } = options
  if (stream.readable.locked || stream.writable.locked)
    throw new CraftecError('invalid-argument', 'stream: it is locked; release its reader and its writer first')
  const connection = new TlsConnection(stream)
  try {
    // The types do not know that pages of plain http: have no `subtle`.
    if ((crypto.subtle as SubtleCrypto | undefined) === undefined)
      throw new CraftecError('unsupported', 'TLS needs WebCrypto, which pages have from https: and localhost only')
    const serverName = parseServerName(options.serverName)
    checkAlpn(alpn)
    if (!Number.isInteger(recordsPerKey) || recordsPerKey < 1 || recordsPerKey > RECORDS_PER_KEY)
      throw new CraftecError('invalid-argument', `recordsPerKey: expected 1..${RECORDS_PER_KEY}, got ${recordsPerKey}`)
    const ownAnchors = options.roots && readTrustAnchors(options.roots)
    const authenticate = async (certificates: readonly Uint8Array[]) =>
      validateChain(certificates, { serverName, now, anchors: ownAnchors ?? (await builtInAnchors()) })
    return await withDeadline({ signal: options.signal, timeoutMs, what: 'TLS handshake' }, async () => {
      const sniName = serverName.kind === 'dns' ? serverName.name : undefined
      const offer = await createOffer({ sniName, alpn, random: systemRandom })
      const session = await connection.handshake(offer, { authenticate, recordsPerKey })
      return {
        ...dataStreams(connection),
        info: {
          protocol: 'TLSv1.3',
          cipherSuite: session.suite.name,
          group: groupName(session.group) ?? String(session.group),
          signatureScheme: session.scheme,
          alpn: session.alpn,
          certificates: session.certificates
        }
      }
    })
  } catch (error) {
    throw connection.fail(error)
  }
}

/** The list is large, and whoever brings their own roots never needs it. */
async function builtInAnchors(): Promise<readonly TrustAnchor[]> {
  const { mozillaAnchors } = await import('./x509/mozilla-anchors.ts')
  return mozillaAnchors()
}

function checkAlpn(alpn: readonly string[]): void {
  for (const name of alpn)
    if (!/^[\x21-\x7e]{1,255}$/.test(name))
      throw new CraftecError('invalid-argument', 'alpn: expected names of 1 to 255 visible ASCII characters')
}

function dataStreams(connection: TlsConnection): Pick<TlsStream, 'readable' | 'writable'> {
  return {
    // Nothing is read ahead: a reader that pauses leaves the bytes in the transport, and so with the server.
    readable: new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const data = await connection.read()
          if (data === undefined) controller.close()
          else controller.enqueue(data)
        },
        cancel: reason => connection.cancel(reason)
      },
      { highWaterMark: 0 }
    ),
    writable: new WritableStream<Uint8Array>({
      write: data => connection.write(data),
      close: () => connection.endWriting(),
      abort: async reason => {
        connection.fail(reason instanceof CraftecError ? reason : new CraftecError('aborted', 'aborted by the caller'))
      }
    })
  }
}
