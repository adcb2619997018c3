/**
 * libp2p's WebTransport listener (libp2p specification "webtransport"): the first stream of a session runs Noise, whose
 * payload vouches for the certificates; then the session's streams are libp2p's.
 */

import { noise } from '@chainsafe/libp2p-noise'
import type {
  ComponentLogger,
  CreateListenerOptions,
  Listener,
  ListenerEvents,
  Logger,
  Metrics,
  PeerId,
  PrivateKey,
  Upgrader
} from '@libp2p/interface'
import { getNetConfig, getThinWaistAddresses } from '@libp2p/utils'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { WebTransport } from '@multiformats/multiaddr-matcher'
import { TypedEventEmitter } from 'main-event'
import type { Clock } from '../../../sdk/async/index.ts'
import { CraftecError } from '../../../sdk/errors/index.ts'
import { CertificateRotation } from '../certificate/certificate-rotation.ts'
import type { CertificateSet, MakeCertificate } from '../certificate/certificate-set.ts'
import type {
  WebTransportServer,
  WebTransportServerLimits,
  WebTransportServerOptions,
  WebTransportServerStats,
  WebTransportSession,
  WebTransportStream
} from '../web-transport-server.ts'
import { certhash, certhashPath } from './certhash.ts'
import { WebTransportConnection } from './webtransport-connection.ts'
import { WebTransportMuxedStream } from './webtransport-muxed-stream.ts'
import { webTransportMuxer } from './webtransport-muxer.ts'

const SESSION_PATH = '/.well-known/libp2p-webtransport?type=noise'
/** Noise and the muxer; `upgrader` may have a shorter deadline of its own. */
const UPGRADE_TIMEOUT_MS = 10_000
/** libp2p's muxers keep 10 in all; each may hold one stream's credit of bytes for a peer that did not prove who it is yet. */
const MAX_EARLY_STREAMS = 8
/** Session error codes are this listener's own; peers only log them. */
const SESSION_CLOSED = 0
const SESSION_UPGRADE_FAILED = 1

export interface WebTransportComponents {
  readonly logger: ComponentLogger
  readonly privateKey: PrivateKey
  readonly peerId: PeerId
  readonly upgrader: Upgrader
  readonly metrics?: Metrics
}

export interface WebTransportListenerSettings {
  readonly startServer: (options: WebTransportServerOptions) => Promise<WebTransportServer>
  readonly makeCertificate: MakeCertificate
  readonly certificatePath: string | undefined
  readonly limits: WebTransportServerLimits
  readonly clock: Clock
}

export class WebTransportListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  private readonly components: WebTransportComponents
  private readonly settings: WebTransportListenerSettings
  private readonly upgrader: Upgrader
  private readonly log: Logger
  private readonly shutdown = new AbortController()
  private server: WebTransportServer | undefined
  private rotation: CertificateRotation | undefined
  private requested: Multiaddr | undefined

  constructor(
    components: WebTransportComponents,
    settings: WebTransportListenerSettings,
    options: CreateListenerOptions
  ) {
    super()
    this.components = components
    this.settings = settings
    this.upgrader = options.upgrader
    this.log = components.logger.forComponent('libp2p:webtransport:listener')
  }

  async listen(address: Multiaddr): Promise<void> {
    const { host, port } = getNetConfig(address)
    const { clock, makeCertificate, certificatePath, limits } = this.settings
    const rotation = await CertificateRotation.start({
      path: certificatePath,
      clock,
      make: makeCertificate,
      onChange: set => this.onRotation(set),
      onError: error => this.log.error('certificate rotation failed - %e', error)
    })
    this.rotation = rotation
    try {
      this.server = await this.settings.startServer({
        host,
        port: port ?? 0,
        certificate: rotation.certificates.current,
        limits,
        path: SESSION_PATH,
        onSession: session => void this.onSession(session)
      })
    } catch (error) {
      rotation.stop()
      throw error
    }
    this.requested = address
    this.safeDispatchEvent('listening')
  }

  getAddrs(): Multiaddr[] {
    if (this.requested === undefined || this.server === undefined) return []
    const suffix = `/quic-v1/webtransport${this.certhashes()}`
    return getThinWaistAddresses(this.requested, this.server.address.port).map(base =>
      multiaddr(`/${base.toString().split('/').slice(1, 5).join('/')}${suffix}`)
    )
  }

  /** Announced addresses come from a configuration file, which cannot know the certificates of the day. */
  updateAnnounceAddrs(addresses: Multiaddr[]): void {
    addresses.forEach((address, index) => {
      if (!WebTransport.exactMatch(address) || address.toString().includes('/certhash/')) return
      const text = address.toString().replace('/webtransport', `/webtransport${this.certhashes()}`)
      addresses[index] = multiaddr(text)
    })
  }

  stats(): WebTransportServerStats | undefined {
    return this.server?.stats()
  }

  async close(): Promise<void> {
    this.shutdown.abort()
    this.rotation?.stop()
    await this.server?.close()
    this.safeDispatchEvent('close')
  }

  private certhashes(): string {
    const set = this.rotation?.certificates
    return set === undefined ? '' : certhashPath([set.current.sha256, set.next.sha256])
  }

  private onRotation(set: CertificateSet): void {
    this.server?.setCertificate(set.current)
    this.safeDispatchEvent('listening') // the addresses changed
  }

  private async onSession(session: WebTransportSession): Promise<void> {
    const signal = this.upgrader.createInboundAbortSignal(
      AbortSignal.any([this.shutdown.signal, AbortSignal.timeout(UPGRADE_TIMEOUT_MS)])
    )
    try {
      const maConn = new WebTransportConnection(
        {
          remoteAddr: remoteMultiaddr(session.remote),
          direction: 'inbound',
          log: this.components.logger.forComponent('libp2p:webtransport:connection')
        },
        session
      )
      const early: WebTransportStream[] = []
      const remotePeer = await this.authenticate(await firstStream(session, early, signal), maConn, signal)
      const muxerFactory = webTransportMuxer(session, early)
      await this.upgrader.upgradeInbound(maConn, {
        skipEncryption: true,
        skipProtection: true,
        remotePeer,
        muxerFactory,
        signal
      })
    } catch (error) {
      this.log('inbound session failed - %e', error)
      session.close(SESSION_UPGRADE_FAILED, 'upgrade failed')
    } finally {
      signal.clear()
    }
  }

  private async authenticate(
    first: WebTransportStream,
    maConn: WebTransportConnection,
    signal: AbortSignal
  ): Promise<PeerId> {
    const log = maConn.log.newScope('noise')
    const stream = new WebTransportMuxedStream({ id: 'noise', direction: 'inbound', log }, first)
    const set = this.rotation?.certificates
    const vouched = set === undefined ? [] : [set.previous, set.current, set.next]
    const extensions = {
      webtransportCerthashes: vouched.flatMap(item => (item === undefined ? [] : [certhash(item.sha256)]))
    }
    const encrypter = noise({ extensions })(this.components)
    const { remotePeer } = await encrypter.secureInbound(stream, { signal, skipStreamMuxerNegotiation: true })
    await stream.close({ signal })
    return remotePeer
  }
}

/**
 * The stream the dialer opens for Noise. The dialer sends Noise's last message, so to it the connection is up while that is
 * still on its way: it opens streams at once, and they wait in `early` until the muxer takes them.
 */
function firstStream(
  session: WebTransportSession,
  early: WebTransportStream[],
  signal: AbortSignal
): Promise<WebTransportStream> {
  return new Promise((resolve, reject) => {
    const keep = (stream: WebTransportStream): void => {
      if (early.length < MAX_EARLY_STREAMS) {
        early.push(stream)
        return
      }
      stream.reset(SESSION_CLOSED)
      stream.stop(SESSION_CLOSED)
    }
    session.onStream = stream => {
      session.onStream = keep
      resolve(stream)
    }
    const fail = (): void =>
      reject(new CraftecError('timeout', 'the WebTransport session ended before its Noise handshake'))
    signal.addEventListener('abort', fail, { once: true })
    void session.closed.then(fail)
  })
}

function remoteMultiaddr({ host, port }: { readonly host: string; readonly port: number }): Multiaddr {
  return multiaddr(`/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/udp/${port}/quic-v1/webtransport`)
}
