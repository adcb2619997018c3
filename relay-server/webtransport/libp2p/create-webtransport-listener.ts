import {
  type CreateListenerOptions,
  type Listener,
  serviceCapabilities,
  type Transport,
  transportSymbol
} from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { WebTransport } from '@multiformats/multiaddr-matcher'
import { type Clock, systemClock } from '../../../sdk/async/index.ts'
import { CraftecError } from '../../../sdk/errors/index.ts'
import { createSelfSignedCertificate } from '../certificate/self-signed-certificate.ts'
import { startIsolatedServer } from '../isolation/isolated-server.ts'
import { loadQuiche } from '../quiche/load-quiche.ts'
import type { WebTransportServerLimits, WebTransportServerStats } from '../web-transport-server.ts'
import {
  type WebTransportComponents,
  WebTransportListener,
  type WebTransportListenerSettings
} from './webtransport-listener.ts'

export const DEFAULT_WEBTRANSPORT_LIMITS: WebTransportServerLimits = {
  maxSessions: 256,
  maxSessionsPerHost: 64, // users behind one NAT address; a single attacker's address stays a quarter of the whole
  handshakeTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  maxStreams: 256
}

export interface WebTransportListenerOptions {
  /** File for the certificates and their keys (mode 600). Without it addresses change with every start. */
  readonly certificatePath?: string
  readonly limits?: Partial<WebTransportServerLimits>
  readonly clock?: Clock
  /** The QUIC engine's process ended and is being started again: its sessions are gone, peers dial anew. */
  readonly onCrash?: (error: CraftecError) => void
}

export type WebTransportTransportFactory = (components: WebTransportComponents) => Transport

/** Either a transport, or the reason why this machine has none. */
export type WebTransportSupport =
  | {
      readonly transport: WebTransportTransportFactory
      readonly unavailable?: undefined
      /** Counters of every listener made by `transport` that listens now. */
      readonly stats: () => WebTransportServerStats[]
    }
  | { readonly transport?: undefined; readonly unavailable: { readonly why: string }; readonly stats?: undefined }

/**
 * A libp2p transport that listens for browsers' WebTransport on `/ip4/…/udp/…/quic-v1/webtransport`. It does not dial.
 * Needs the optional package `@matrixai/quic`; where its native part does not load, says so instead of failing.
 * @example
 * const { transport, unavailable } = await createWebTransportListener({ certificatePath: 'webtransport.json' })
 * if (unavailable) console.warn(unavailable.why)
 * createP2pNode({ …, extraTransports: transport ? [transport] : [] })
 */
export async function createWebTransportListener(
  options: WebTransportListenerOptions = {}
): Promise<WebTransportSupport> {
  try {
    await loadQuiche() // to learn whether it can; it runs in a process of its own
  } catch (error) {
    return { unavailable: { why: CraftecError.from(error).message } }
  }
  const clock = options.clock ?? systemClock
  const settings: WebTransportListenerSettings = {
    startServer: serverOptions =>
      startIsolatedServer(serverOptions, options.onCrash ? { onCrash: options.onCrash } : {}),
    makeCertificate: createSelfSignedCertificate,
    certificatePath: options.certificatePath,
    limits: { ...DEFAULT_WEBTRANSPORT_LIMITS, ...options.limits },
    clock
  }
  const listeners = new Set<WebTransportListener>()
  return {
    transport: components => new WebTransportListenTransport(components, settings, listeners),
    stats: () => [...listeners].flatMap(listener => listener.stats() ?? [])
  }
}

class WebTransportListenTransport implements Transport {
  readonly [transportSymbol] = true as const
  readonly [Symbol.toStringTag] = 'craftec-relay/webtransport'
  readonly [serviceCapabilities]: string[] = ['@libp2p/transport']
  private readonly components: WebTransportComponents
  private readonly settings: WebTransportListenerSettings

  private readonly listeners: Set<WebTransportListener>

  constructor(
    components: WebTransportComponents,
    settings: WebTransportListenerSettings,
    listeners: Set<WebTransportListener>
  ) {
    this.components = components
    this.settings = settings
    this.listeners = listeners
  }

  async dial(): Promise<never> {
    throw new CraftecError('unsupported', 'Node listens for WebTransport and does not dial it')
  }

  createListener(options: CreateListenerOptions): Listener {
    const listener = new WebTransportListener(this.components, this.settings, options)
    listener.addEventListener('listening', () => this.listeners.add(listener))
    listener.addEventListener('close', () => this.listeners.delete(listener))
    return listener
  }

  listenFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter(address => WebTransport.exactMatch(address))
  }

  dialFilter(): Multiaddr[] {
    return []
  }
}
