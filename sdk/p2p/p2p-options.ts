import type { Libp2pOptions } from 'libp2p'
import type { Clock, RandomBytes } from '../async/index.ts'
import type { RelayLimits } from './relay-limits.ts'
import type { TransportName } from './transport-name.ts'

/** A libp2p transport that the SDK does not bring itself, as the WebTransport listener of the Node kit. */
export type TransportFactory = NonNullable<Libp2pOptions['transports']>[number]

/** Bounds on what other peers may make this node hold. */
export interface P2pLimits {
  /** Connections in all; the least useful are closed above it. Default 100 in browsers, 1,000 on Node. */
  readonly maxConnections?: number
  /** New inbound connections a second from one host. Default 100. */
  readonly maxInboundPerSecond?: number
  /** Inbound channels one peer may have open on one protocol. Default 8. */
  readonly maxChannelsPerPeer?: number
}

export interface P2pOptions {
  /** Ed25519 seed, 32 bytes: the identity of this node. Clients pass a fresh random one at every start. */
  readonly seed: Uint8Array
  /** Multiaddrs of the nodes to stay connected to, each ending in `/p2p/…`. Empty: this node is the first. */
  readonly bootstrap: readonly string[]
  /** Node: multiaddrs to listen on, such as `/ip4/0.0.0.0/tcp/4001/ws`. */
  readonly listen?: readonly string[]
  /** Addresses to announce instead of the ones listened on, such as a public name in front of a proxy. */
  readonly announce?: readonly string[]
  /** Keep a reservation on a relay so that others can dial this node, over WebRTC where the runtime has it. */
  readonly reachable?: boolean
  /** Node: relay connections for peers that cannot be dialled; `true` for the default limits. */
  readonly relayServer?: boolean | Partial<RelayLimits>
  /** Dial private and loopback addresses. Default: only when the page itself comes from loopback. */
  readonly allowPrivateAddresses?: boolean
  /** Switch transports off that the runtime would have. */
  readonly transports?: Readonly<Partial<Record<TransportName, boolean>>>
  readonly extraTransports?: readonly TransportFactory[]
  /** Take part in gossip; its code is loaded only then. Not where `import()` is missing, unless the bundle is one file. */
  readonly gossip?: boolean
  /** Use the DHT, as one who asks (its code is loaded with the first question) or as one who also answers (loaded at once). */
  readonly dht?: 'client' | 'server'
  readonly limits?: P2pLimits
  readonly clock?: Clock
  readonly random?: RandomBytes
}
