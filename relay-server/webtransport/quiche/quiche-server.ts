/** A WebTransport server on one UDP socket: routes datagrams to connections, and guards the door. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { type Clock, type RandomBytes, systemClock, systemRandom } from '../../../sdk/async/index.ts'
import { CraftecError } from '../../../sdk/errors/index.ts'
import type { TlsCertificate } from '../certificate/tls-certificate.ts'
import type { AdmitSession } from '../h3/webtransport-core.ts'
import type {
  WebTransportServer,
  WebTransportServerLimits,
  WebTransportServerOptions,
  WebTransportServerStats,
  WebTransportSession
} from '../web-transport-server.ts'
import { mintAddressToken, openAddressToken } from './address-token.ts'
import type { Quiche, QuicheConfig } from './load-quiche.ts'
import { type ConnectionHost, QuicheConnection } from './quiche-connection.ts'

const CONNECTION_ID_BYTES = 16
/** RFC 9000 §14.1: a client's Initial fills at least this much, so that answers to forged ones do not amplify. */
const MIN_INITIAL_BYTES = 1200
const MAX_DATAGRAM_BYTES = 1350
/** Half-open connections from which on a client must first prove its address (Retry). */
const RETRY_THRESHOLD = 16
/** Per stream and per connection: what a peer may send ahead of the reader. quiche grows windows up to the maxima. */
const STREAM_WINDOW_BYTES = 256 * 1024
const MAX_STREAM_WINDOW_BYTES = 1024 * 1024
const CONNECTION_WINDOW_BYTES = 1024 * 1024
const MAX_CONNECTION_WINDOW_BYTES = 4 * 1024 * 1024
/** Control, two QPACK streams, and some of unknown type (RFC 9114 §6.2 asks for at least three). */
const MAX_UNI_STREAMS = 8
/** H3_DATAGRAM must be offered to WebTransport clients; libp2p sends none, so the queues stay short. */
const DATAGRAM_QUEUE = 8
const MAX_SEND_QUEUE_BYTES = 1024 * 1024
const SOCKET_BUFFER_BYTES = 2 * 1024 * 1024
const SCRATCH_BYTES = 64 * 1024

export interface QuicheServerRuntime {
  readonly clock?: Clock
  readonly random?: RandomBytes
}

/**
 * Bind the socket and serve.
 * @throws CraftecError `connect-failed` when the address cannot be bound, `invalid-argument` when the certificate is unusable
 */
export async function startQuicheServer(
  quiche: Quiche,
  options: WebTransportServerOptions,
  runtime: QuicheServerRuntime = {}
): Promise<WebTransportServer> {
  const config = buildConfig(quiche, options.certificate, options.limits)
  const socket = createSocket({
    type: isIPv6(options.host) ? 'udp6' : 'udp4',
    ipv6Only: isIPv6(options.host),
    // dgram asks a resolver on every send, even for literal addresses.
    lookup: (host, _, callback) => callback(null, host, isIPv6(host) ? 6 : 4)
  })
  await new Promise<void>((resolve, reject) => {
    const onError = (cause: Error): void =>
      reject(
        new CraftecError('connect-failed', `cannot bind UDP ${options.host} port ${options.port}: ${cause.message}`, {
          cause
        })
      )
    socket.once('error', onError)
    socket.bind(options.port, options.host, () => {
      socket.off('error', onError)
      resolve()
    })
  })
  raiseBuffers(socket)
  return new QuicheServer(quiche, config, socket, options, runtime)
}

class QuicheServer implements WebTransportServer, ConnectionHost {
  readonly address: { readonly host: string; readonly port: number }
  readonly clock: Clock
  readonly admit: AdmitSession
  readonly handshakeTimeoutMs: number
  private readonly quiche: Quiche
  private config: QuicheConfig
  private readonly socket: Socket
  private readonly options: WebTransportServerOptions
  private readonly random: RandomBytes
  private readonly tokenKey: Uint8Array
  private readonly connections = new Set<QuicheConnection>()
  /** By the ids the peer may address: ours, and until it learns that one, its own first choice. */
  private readonly routes = new Map<string, QuicheConnection>()
  private readonly routeKeys = new Map<QuicheConnection, readonly string[]>()
  private readonly perHost = new Map<string, number>()
  private readonly scratch = new Uint8Array(SCRATCH_BYTES)
  private readonly counts = { accepted: 0, refused: 0, retried: 0, violations: 0 }
  private closing: Promise<void> | undefined

  constructor(
    quiche: Quiche,
    config: QuicheConfig,
    socket: Socket,
    options: WebTransportServerOptions,
    runtime: QuicheServerRuntime
  ) {
    const { address, port } = socket.address()
    this.address = { host: address, port }
    this.quiche = quiche
    this.config = config
    this.socket = socket
    this.options = options
    this.admit = ({ path }) => (path === options.path ? 200 : 404)
    this.handshakeTimeoutMs = options.limits.handshakeTimeoutMs
    this.clock = runtime.clock ?? systemClock
    this.random = runtime.random ?? systemRandom
    this.tokenKey = this.random(32)
    socket.on('message', (datagram, from) => this.onDatagram(datagram, from))
    // ICMP errors about single peers surface here; QUIC's own timers deal with peers that are gone.
    socket.on('error', () => {})
  }

  setCertificate(certificate: TlsCertificate): void {
    this.config = buildConfig(this.quiche, certificate, this.options.limits)
  }

  stats(): WebTransportServerStats {
    return { sessions: this.connections.size, ...this.counts }
  }

  close(): Promise<void> {
    this.closing ??= new Promise(resolve => {
      for (const connection of [...this.connections]) connection.terminate(0x100, 'server stops')
      // Sends are queued in order, so the socket closes after the last CONNECTION_CLOSE went out.
      this.socket.close(resolve)
    })
    return this.closing
  }

  sendDatagram(datagram: Uint8Array, host: string, port: number): boolean {
    this.socket.send(datagram, port, host, () => {})
    return this.socket.getSendQueueSize() < MAX_SEND_QUEUE_BYTES
  }

  onSession(session: WebTransportSession): void {
    this.counts.accepted++
    this.options.onSession(session)
  }

  onViolation(): void {
    this.counts.violations++
  }

  onEnd(connection: QuicheConnection): void {
    this.connections.delete(connection)
    for (const key of this.routeKeys.get(connection) ?? []) this.routes.delete(key)
    this.routeKeys.delete(connection)
    const { host } = connection.remote
    const left = (this.perHost.get(host) ?? 1) - 1
    if (left > 0) this.perHost.set(host, left)
    else this.perHost.delete(host)
  }

  private onDatagram(datagram: Buffer, from: RemoteInfo): void {
    const dcid = destinationId(datagram)
    if (dcid === undefined) return
    const connection = this.routes.get(dcid)
    if (connection !== undefined) {
      // A connection stays on the path it began on: browsers re-dial after a change of network, and path probing is the
      // part of QUIC with the longest list of resource attacks.
      if (connection.remote.port === from.port && connection.remote.host === from.address) connection.receive(datagram)
      return
    }
    const isLong = ((datagram[0] ?? 0) & 0x80) !== 0
    if (!isLong || datagram.length < MIN_INITIAL_BYTES || this.closing !== undefined) return
    try {
      this.onInitial(datagram, from)
    } catch {
      // Bytes that are not QUIC.
    }
  }

  private onInitial(datagram: Buffer, from: RemoteInfo): void {
    const { quiche } = this
    const header = quiche.Header.fromSlice(datagram, CONNECTION_ID_BYTES)
    if (!quiche.versionIsSupported(header.version)) {
      const out = Buffer.alloc(MAX_DATAGRAM_BYTES)
      const length = quiche.negotiateVersion(header.scid, header.dcid, out)
      this.sendDatagram(out.subarray(0, length), from.address, from.port)
      return
    }
    if (header.ty !== quiche.Type.Initial) return
    const { maxSessions, maxSessionsPerHost } = this.options.limits
    const full = this.connections.size >= maxSessions || (this.perHost.get(from.address) ?? 0) >= maxSessionsPerHost
    const token = header.token ?? new Uint8Array(0)
    const remote = { host: from.address, port: from.port }
    if (token.length === 0) {
      if (full || this.halfOpen() >= RETRY_THRESHOLD) this.retry(header, remote)
      else this.accept(datagram, this.random(CONNECTION_ID_BYTES), header.dcid, false, remote)
      return
    }
    const context = { ...remote, retryScid: header.dcid }
    const odcid = openAddressToken(this.tokenKey, context, token, this.clock.now())
    if (odcid === undefined) return
    const connection = this.accept(datagram, header.dcid, odcid, true, remote)
    if (!full) return
    this.counts.refused++
    connection.refuse()
  }

  private retry(
    header: { readonly scid: Uint8Array; readonly dcid: Uint8Array; readonly version: number },
    remote: { readonly host: string; readonly port: number }
  ): void {
    this.counts.retried++
    const retryScid = this.random(CONNECTION_ID_BYTES)
    const token = mintAddressToken(this.tokenKey, { ...remote, retryScid }, header.dcid, this.clock.now())
    const out = Buffer.alloc(MAX_DATAGRAM_BYTES)
    const length = this.quiche.retry(header.scid, header.dcid, retryScid, token, header.version, out)
    this.sendDatagram(out.subarray(0, length), remote.host, remote.port)
  }

  private accept(
    datagram: Buffer,
    scid: Uint8Array,
    odcid: Uint8Array,
    retried: boolean,
    remote: { readonly host: string; readonly port: number }
  ): QuicheConnection {
    const local = this.address
    const native = this.quiche.Connection.accept(scid, retried ? odcid : null, local, remote, this.config)
    const connection = new QuicheConnection(this.quiche, native, local, remote, this.scratch, this)
    const keys = [routeKey(scid), ...(retried ? [] : [routeKey(odcid)])]
    for (const key of keys) this.routes.set(key, connection)
    this.routeKeys.set(connection, keys)
    this.connections.add(connection)
    this.perHost.set(remote.host, (this.perHost.get(remote.host) ?? 0) + 1)
    connection.receive(datagram)
    return connection
  }

  private halfOpen(): number {
    let count = 0
    for (const connection of this.connections) if (!connection.established) count++
    return count
  }
}

function buildConfig(quiche: Quiche, certificate: TlsCertificate, limits: WebTransportServerLimits): QuicheConfig {
  const text = new TextEncoder()
  let config: QuicheConfig
  try {
    config = quiche.Config.withBoringSslCtx(
      false,
      false,
      null,
      [text.encode(certificate.privateKeyPem)],
      [text.encode(certificate.certificatePem)],
      null
    )
  } catch (cause) {
    throw new CraftecError('invalid-argument', 'the TLS certificate or its key cannot be used', { cause })
  }
  config.setApplicationProtos(['h3'])
  config.setMaxIdleTimeout(limits.idleTimeoutMs)
  config.setMaxRecvUdpPayloadSize(SCRATCH_BYTES - 1)
  config.setMaxSendUdpPayloadSize(MAX_DATAGRAM_BYTES)
  config.setInitialMaxData(CONNECTION_WINDOW_BYTES)
  config.setMaxConnectionWindow(MAX_CONNECTION_WINDOW_BYTES)
  config.setInitialMaxStreamDataBidiLocal(STREAM_WINDOW_BYTES)
  config.setInitialMaxStreamDataBidiRemote(STREAM_WINDOW_BYTES)
  config.setInitialMaxStreamDataUni(STREAM_WINDOW_BYTES / 4)
  config.setMaxStreamWindow(MAX_STREAM_WINDOW_BYTES)
  config.setInitialMaxStreamsBidi(limits.maxStreams + 1) // and the CONNECT stream
  config.setInitialMaxStreamsUni(MAX_UNI_STREAMS)
  config.enableDgram(true, DATAGRAM_QUEUE, DATAGRAM_QUEUE)
  config.setDisableActiveMigration(true)
  config.enablePacing(false) // quiche paces by send times that this binding does not expose
  return config
}

/**
 * The destination connection id of a datagram's first packet, without parsing more (RFC 9000 §17): a long header names
 * its length, a short one does not, and has the length that this server gives out.
 */
function destinationId(datagram: Buffer): string | undefined {
  const isLong = ((datagram[0] ?? 0) & 0x80) !== 0
  const at = isLong ? 6 : 1
  const length = isLong ? (datagram[5] ?? 0) : CONNECTION_ID_BYTES
  return datagram.length < at + length ? undefined : datagram.toString('latin1', at, at + length)
}

function routeKey(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('latin1')
}

function raiseBuffers(socket: Socket): void {
  try {
    socket.setRecvBufferSize(SOCKET_BUFFER_BYTES)
    socket.setSendBufferSize(SOCKET_BUFFER_BYTES)
  } catch {
    // The system's limit is lower; slower bursts, nothing else.
  }
}
