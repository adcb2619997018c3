import type { PeerId } from '../identity/index.ts'
import type { Channel } from './channel.ts'
import type { Dht } from './dht.ts'
import type { Gossip } from './gossip.ts'
import type { TransportName } from './transport-name.ts'

export type P2pState =
  | { readonly status: 'connecting' }
  | { readonly status: 'ready' }
  /** Works, but less well: `why` says what is missing, and the node keeps trying to get it back. */
  | { readonly status: 'degraded'; readonly why: 'bootstrap-unreachable' | 'no-reservation' }
  | { readonly status: 'stopped' }

/** A peer and where it may be found. */
export interface PeerAddresses {
  readonly peerId: PeerId
  /** Multiaddrs from whatever source; those that are malformed, forbidden or name another peer are ignored. */
  readonly addresses: readonly string[]
}

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds; default {@link DEFAULT_TIMEOUT_MS}. */
  readonly timeoutMs?: number
}

export const DEFAULT_TIMEOUT_MS = 10_000

export interface OpenChannelOptions extends WaitOptions {
  readonly maxFrameBytes: number
  /** What the peer may have on the way here, unread: 1 MiB, the default, up to 3. Below a megabyte a round trip more makes no difference. */
  readonly windowBytes?: number
  /** A frame is its reader's only until it asks for the next one, whose memory it may be. Default false: for good. */
  readonly reuseFrames?: boolean
}

export interface HandleOptions {
  readonly maxFrameBytes: number
  /** Inbound channels of this protocol that may be open at once, over all peers. */
  readonly maxChannels: number
}

export interface PeerEvent {
  readonly peerId: PeerId
  readonly connected: boolean
}

export interface P2pNode {
  readonly peerId: PeerId
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  /** Transports this runtime got. */
  readonly transports: readonly TransportName[]
  readonly unavailable: readonly { readonly name: TransportName; readonly why: string }[]
  /** There when the node was created with `gossip`. */
  readonly gossip?: Gossip | undefined
  /** There when the node was created with `dht`. */
  readonly dht?: Dht | undefined
  readonly state: P2pState
  onState(listener: (state: P2pState) => void): () => void
  /**
   * Wait until the node is connected to a bootstrap peer (and, if `reachable`, holds a reservation).
   * @throws CraftecError `bootstrap-unreachable` | `timeout` | `aborted` | `stopped`
   */
  whenReady(options?: WaitOptions): Promise<void>
  /** Multiaddrs that others can dial, each ending in `/p2p/<this peer>`. */
  addresses(): string[]
  /**
   * Open a framed channel to a peer, connecting first if need be.
   * @throws CraftecError `bootstrap-unreachable` (a bootstrap peer) | `link-failed` | `timeout` | `aborted` | `stopped`
   */
  openChannel(peer: PeerAddresses, protocol: string, options: OpenChannelOptions): Promise<Channel>
  /**
   * Accept channels of `protocol`. A channel over the limits is reset before `onChannel` sees it.
   * @returns a function that stops accepting; channels that are open stay open
   */
  handle(protocol: string, options: HandleOptions, onChannel: (channel: Channel) => void): () => void
  /** Peers with at least one connection. */
  peers(): PeerId[]
  onPeer(listener: (event: PeerEvent) => void): () => void
  /**
   * Round-trip time to a connected peer in milliseconds.
   * @throws CraftecError `link-failed` | `timeout` | `aborted` | `stopped`
   */
  ping(peerId: PeerId, options?: WaitOptions): Promise<number>
  /** Say goodbye to all peers and free everything. Idempotent; never rejects. */
  stop(): Promise<void>
}
