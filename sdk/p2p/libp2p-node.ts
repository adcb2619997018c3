import type { Connection, Libp2p, PeerId as Libp2pPeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { Circuit } from '@multiformats/multiaddr-matcher'
import { type Clock, type RandomBytes, withDeadline } from '../async/index.ts'
import { CraftecError } from '../errors/index.ts'
import type { PeerId } from '../identity/index.ts'
import { BootstrapLinks, unreachable } from './bootstrap-links.ts'
import type { Channel } from './channel.ts'
import type { Dht } from './dht.ts'
import { dialAddresses } from './dial-addresses.ts'
import type { FramedChannel } from './framed-channel.ts'
import { Goodbye } from './goodbye.ts'
import type { Gossip } from './gossip.ts'
import { InboundLimiter } from './inbound-limiter.ts'
import { channelOverStream, ed25519KeyOf } from './libp2p-channel.ts'
import {
  DEFAULT_TIMEOUT_MS,
  type HandleOptions,
  type OpenChannelOptions,
  type P2pNode,
  type P2pState,
  type PeerAddresses,
  type PeerEvent,
  type WaitOptions
} from './p2p-node.ts'
import { pingPeer } from './ping-peer.ts'
import { StateHolder } from './state-holder.ts'
import type { TransportSet } from './transport-set.ts'

/** Stopping ends even when a peer or the network does not answer. */
const STOP_DEADLINE_MS = 5_000

export interface Libp2pNodeInit {
  readonly libp2p: Libp2p
  readonly gossip: Gossip | undefined
  readonly dht: Dht | undefined
  readonly transportSet: TransportSet
  readonly bootstrap: readonly PeerAddresses[]
  readonly reachable: boolean
  readonly maxChannelsPerPeer: number
  readonly clock: Clock
  readonly random: RandomBytes
}

/** {@link P2pNode} over a libp2p node that was started with our options. */
export class Libp2pNode implements P2pNode {
  readonly peerId: PeerId
  readonly publicKey: Uint8Array
  readonly transports: TransportSet['available']
  readonly unavailable: TransportSet['unavailable']
  readonly gossip: Gossip | undefined
  readonly dht: Dht | undefined

  /** For benchmarks; not part of {@link P2pNode}. */
  readonly libp2p: Libp2p
  private readonly clock: Clock
  private readonly maxChannelsPerPeer: number
  private readonly channels = new Set<FramedChannel>()
  private readonly stateHolder = new StateHolder()
  private readonly goodbye: Goodbye
  private readonly bootstrap: BootstrapLinks
  private stopping: Promise<void> | undefined

  constructor(init: Libp2pNodeInit) {
    this.libp2p = init.libp2p
    this.clock = init.clock
    this.maxChannelsPerPeer = init.maxChannelsPerPeer
    this.peerId = init.libp2p.peerId.toString() as PeerId
    this.publicKey = ed25519KeyOf(init.libp2p.peerId)
    this.transports = init.transportSet.available
    this.unavailable = init.transportSet.unavailable
    this.gossip = init.gossip
    this.dht = init.dht
    this.goodbye = new Goodbye(init.libp2p, init.clock)
    this.bootstrap = new BootstrapLinks({
      libp2p: init.libp2p,
      peers: init.bootstrap,
      reachable: init.reachable,
      connect: (peer, signal) => this.connect(peer, signal),
      clock: init.clock,
      random: init.random,
      onState: state => this.stateHolder.set(state)
    })
  }

  /** Begin to keep the bootstrap links. */
  async start(): Promise<void> {
    await this.goodbye.start()
    this.bootstrap.start()
  }

  get state(): P2pState {
    return this.stateHolder.get()
  }

  onState(listener: (state: P2pState) => void): () => void {
    return this.stateHolder.listen(listener)
  }

  async whenReady(options: WaitOptions = {}): Promise<void> {
    const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = options
    let unlisten = (): void => {}
    try {
      await withDeadline(
        { signal, timeoutMs, what: 'connection to a bootstrap peer', clock: this.clock },
        () =>
          new Promise<void>((resolve, reject) => {
            const check = (state: P2pState): void => {
              if (state.status === 'ready') resolve()
              else if (state.status === 'stopped') reject(stopped())
              else if (state.status === 'degraded' && state.why === 'bootstrap-unreachable') reject(unreachable())
            }
            unlisten = this.onState(check)
            check(this.state)
          })
      )
    } finally {
      unlisten()
    }
  }

  addresses(): string[] {
    return this.libp2p.getMultiaddrs().map(String)
  }

  async openChannel(peer: PeerAddresses, protocol: string, options: OpenChannelOptions): Promise<Channel> {
    this.checkRunning()
    const { signal, timeoutMs = DEFAULT_TIMEOUT_MS, windowBytes = 0 } = options
    return withDeadline({ signal, timeoutMs, what: `channel ${protocol}`, clock: this.clock }, async signal => {
      const connection = await this.connect(peer, signal)
      try {
        const stream = await connection.newStream(protocol, { signal, runOnLimitedConnection: true })
        const channel = this.track(channelOverStream(stream, connection, options, this.clock))
        channel.widen(windowBytes)
        return channel
      } catch (cause) {
        throw CraftecError.from(cause, 'link-failed', `the peer did not open a channel for ${protocol}`)
      }
    })
  }

  handle(protocol: string, options: HandleOptions, onChannel: (channel: Channel) => void): () => void {
    this.checkRunning()
    const limiter = new InboundLimiter(options.maxChannels, this.maxChannelsPerPeer)
    const registered = this.libp2p.handle(
      protocol,
      (stream, connection) => {
        const peer = connection.remotePeer.toString()
        if (!limiter.enter(peer)) {
          stream.abort(new CraftecError('limit-exceeded', `too many open channels of ${protocol}`))
          return
        }
        try {
          const channel = this.track(channelOverStream(stream, connection, options, this.clock))
          void channel.closed.then(() => limiter.leave(peer))
          onChannel(channel)
        } catch (error) {
          stream.abort(CraftecError.from(error))
          limiter.leave(peer)
        }
      },
      // the per-peer bound is the limiter's; libp2p counts per connection and would refuse our own outbound channels
      { runOnLimitedConnection: true, maxInboundStreams: options.maxChannels, maxOutboundStreams: options.maxChannels }
    )
    return () => void registered.then(() => this.libp2p.unhandle(protocol)).catch(() => {})
  }

  peers(): PeerId[] {
    return this.libp2p.getPeers().map(peer => peer.toString() as PeerId)
  }

  onPeer(listener: (event: PeerEvent) => void): () => void {
    const tell = (connected: boolean) => (event: CustomEvent<Libp2pPeerId>) =>
      listener({ peerId: event.detail.toString() as PeerId, connected })
    const onConnect = tell(true)
    const onDisconnect = tell(false)
    this.libp2p.addEventListener('peer:connect', onConnect)
    this.libp2p.addEventListener('peer:disconnect', onDisconnect)
    return () => {
      this.libp2p.removeEventListener('peer:connect', onConnect)
      this.libp2p.removeEventListener('peer:disconnect', onDisconnect)
    }
  }

  async ping(peerId: PeerId, options: WaitOptions = {}): Promise<number> {
    this.checkRunning()
    const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = options
    const [connection] = this.libp2p.getConnections(peerIdFromString(peerId))
    if (connection === undefined) throw new CraftecError('link-failed', 'not connected to this peer')
    return withDeadline({ signal, timeoutMs, what: 'ping', clock: this.clock }, async signal => {
      try {
        return await pingPeer(connection, this.clock, signal)
      } catch (cause) {
        throw CraftecError.from(cause, 'link-failed', 'the peer did not answer a ping')
      }
    })
  }

  stop(): Promise<void> {
    this.stopping ??= this.stopOnce()
    return this.stopping
  }

  private async stopOnce(): Promise<void> {
    this.stateHolder.set({ status: 'stopped' })
    this.bootstrap.stop()
    for (const channel of [...this.channels]) channel.abort(stopped())
    await withDeadline({ timeoutMs: STOP_DEADLINE_MS, what: 'stopping', clock: this.clock }, async () => {
      await this.goodbye.leave()
      await this.libp2p.stop()
    }).catch(() => {})
  }

  /**
   * The best connection to a peer: an open one that is direct, a new direct one, else one through a relay.
   * libp2p's own choice ignores open connections that a relay limits, and would dial another at every call.
   * @throws CraftecError `bootstrap-unreachable` | `link-failed`
   */
  private async connect(peer: PeerAddresses, signal: AbortSignal): Promise<Connection> {
    const target = peerIdFromString(peer.peerId)
    const open = this.libp2p.getConnections(target).filter(connection => connection.status === 'open')
    const direct = open.find(connection => connection.direct)
    if (direct !== undefined) return direct
    const addresses = dialAddresses(peer)
    const relayed = open[0]
    const worthDialling = relayed === undefined ? addresses : addresses.filter(address => !Circuit.exactMatch(address))
    if (relayed !== undefined && worthDialling.length === 0) return relayed
    try {
      return await this.libp2p.dial(worthDialling.length > 0 ? worthDialling : target, { signal })
    } catch (cause) {
      if (relayed?.status === 'open') return relayed
      if (this.bootstrap.has(peer.peerId)) throw unreachable(cause)
      throw new CraftecError('link-failed', 'no connection to the peer could be made', { cause })
    }
  }

  private track(channel: FramedChannel): FramedChannel {
    if (this.stopping !== undefined) {
      channel.abort(stopped())
      throw stopped()
    }
    this.channels.add(channel)
    void channel.closed.then(() => this.channels.delete(channel))
    return channel
  }

  private checkRunning(): void {
    if (this.stopping !== undefined) throw stopped()
  }
}

function stopped(): CraftecError {
  return new CraftecError('stopped', 'the P2P node was stopped')
}
