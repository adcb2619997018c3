/**
 * The onion links of one node: at most one in use for each neighbour, made when first needed, ended when idle. Relay
 * and client of a node share them, so that a neighbour cannot tell the node's own circuits from those it passes on.
 */
import { type Clock, type RandomBytes, throwIfAborted, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { type PeerId, peerIdFromPublicKey } from '../../identity/index.ts'
import type { Channel, P2pNode } from '../../p2p/index.ts'
import { type LinkCore, ONION_PROTOCOL } from '../circuit/index.ts'
import { CELL_BYTES } from '../onion/index.ts'
import { OnionLink } from './onion-link.ts'

const DEFAULT_MAX_LINKS = 1024
const DIAL_TIMEOUT_MS = 10_000
/**
 * A link without circuits is kept this long by the side that made it, so that the next circuit needs no dial, and twice
 * as long by the other: who opens circuits is mostly who dialled, and does not find the link gone under its hands.
 */
const IDLE_MS = 120_000
const SWEEP_MS = 10_000

export interface OnionLinksOptions {
  readonly node: P2pNode
  readonly clock: Clock
  readonly random: RandomBytes
  readonly maxLinks?: number
}

/** Where a relay hears of its links. */
export interface LinkUser {
  up(link: LinkCore): void
  frame(link: LinkCore, frame: Uint8Array): void
  down(link: LinkCore): void
}

interface Entry {
  readonly link: OnionLink
  idleSinceMs: number
}

export class OnionLinks {
  private readonly options: OnionLinksOptions
  private readonly maxLinks: number
  private readonly entries = new Map<LinkCore, Entry>()
  private readonly byPeer = new Map<PeerId, OnionLink[]>()
  private readonly dials = new Map<PeerId, Promise<OnionLink>>()
  private user: LinkUser | undefined
  private maxCircuitsPerLink: number | undefined
  private unhandle = (): void => {}
  private cancelSweep = (): void => {}
  private stopped = false

  constructor(options: OnionLinksOptions) {
    this.options = options
    this.maxLinks = options.maxLinks ?? DEFAULT_MAX_LINKS
    this.planSweep()
  }

  get count(): number {
    return this.entries.size
  }

  /**
   * Take links that others make, and give all frames to `user`. Without this, frames go to the links' own circuits only.
   * @param maxCircuitsPerLink on links from now on, own circuits included
   */
  serve(user: LinkUser, maxCircuitsPerLink?: number): void {
    this.user = user
    this.maxCircuitsPerLink = maxCircuitsPerLink
    for (const core of this.entries.keys()) user.up(core)
    this.unhandle = this.options.node.handle(
      ONION_PROTOCOL,
      { maxFrameBytes: CELL_BYTES, maxChannels: this.maxLinks },
      channel => this.adopt(channel)
    )
  }

  /** Take no more links from others; those that are up stay. */
  refuse(): void {
    this.unhandle()
  }

  /**
   * The link to a node, made if there is none.
   * @throws CraftecError `link-failed` | `timeout` | `aborted` | `stopped` | `limit-exceeded`
   */
  async open(
    identity: Uint8Array,
    addresses: readonly string[],
    options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs: number }
  ): Promise<LinkCore> {
    if (this.stopped) throw new CraftecError('stopped', 'the onion links were stopped')
    const peerId = peerIdFromPublicKey(identity)
    const known = this.preferred(peerId)
    if (known !== undefined) return known.core
    throwIfAborted(options.signal, 'link to a node')
    let dial = this.dials.get(peerId)
    if (dial === undefined) {
      dial = this.dial(peerId, addresses).finally(() => this.dials.delete(peerId))
      this.dials.set(peerId, dial)
    }
    const shared = dial
    const deadline = { ...options, what: 'link to a node', clock: this.options.clock }
    return (await withDeadline(deadline, () => shared)).core
  }

  /** End the link at once. */
  abort(core: LinkCore, error: CraftecError): void {
    this.entries.get(core)?.link.channel.abort(error)
  }

  /** End all links, what waits in them first. Idempotent. */
  async stop(): Promise<void> {
    this.stopped = true
    this.unhandle()
    this.cancelSweep()
    await Promise.all([...this.entries.values()].map(({ link }) => link.close()))
  }

  private async dial(peerId: PeerId, addresses: readonly string[]): Promise<OnionLink> {
    if (this.entries.size + this.dials.size >= this.maxLinks)
      throw new CraftecError('limit-exceeded', `${this.maxLinks} onion links are open`)
    const channel = await this.options.node.openChannel({ peerId, addresses }, ONION_PROTOCOL, {
      maxFrameBytes: CELL_BYTES,
      timeoutMs: DIAL_TIMEOUT_MS
    })
    const link = this.adopt(channel)
    if (link === undefined) throw new CraftecError('stopped', 'the onion links were stopped')
    // The neighbour may have dialled meanwhile: circuits go where both ends agree.
    return this.preferred(peerId) ?? link
  }

  private adopt(channel: Channel): OnionLink | undefined {
    if (this.stopped || this.entries.size >= this.maxLinks) {
      channel.abort(new CraftecError('limit-exceeded', 'no room for another onion link'))
      return undefined
    }
    const { node, clock, random } = this.options
    const link = new OnionLink({
      channel,
      localIdentity: node.publicKey,
      random,
      clock,
      ...(this.maxCircuitsPerLink === undefined ? {} : { maxCircuits: this.maxCircuitsPerLink })
    })
    this.entries.set(link.core, { link, idleSinceMs: clock.monotonic() })
    this.byPeer.set(channel.remotePeer, [...(this.byPeer.get(channel.remotePeer) ?? []), link])
    this.user?.up(link.core)
    void link.run(frame => this.receive(link, frame)).then(() => this.drop(link))
    return link
  }

  private receive(link: OnionLink, frame: Uint8Array): void {
    if (this.user !== undefined) this.user.frame(link.core, frame)
    else link.core.receive(frame)
  }

  private drop(link: OnionLink): void {
    if (!this.entries.delete(link.core)) return
    const left = (this.byPeer.get(link.channel.remotePeer) ?? []).filter(other => other !== link)
    if (left.length === 0) this.byPeer.delete(link.channel.remotePeer)
    else this.byPeer.set(link.channel.remotePeer, left)
    link.core.close()
    this.user?.down(link.core)
  }

  /** When both ends dialled at once, the link that the higher identity made: both ends come to the same choice. */
  private preferred(peerId: PeerId): OnionLink | undefined {
    const links = (this.byPeer.get(peerId) ?? []).filter(({ core }) => !core.isClosed)
    return links.find(({ core, channel }) => (channel.direction === 'outbound') === core.isLocalHigher) ?? links[0]
  }

  private planSweep(): void {
    this.cancelSweep = this.options.clock.after(SWEEP_MS, () => {
      this.sweep()
      this.planSweep()
    })
  }

  private sweep(): void {
    const now = this.options.clock.monotonic()
    for (const entry of this.entries.values()) {
      const { link } = entry
      const idleMs = link.channel.direction === 'outbound' ? IDLE_MS : 2 * IDLE_MS
      if (link.core.circuitCount > 0) entry.idleSinceMs = now
      else if (now - entry.idleSinceMs > idleMs || this.preferred(link.channel.remotePeer) !== link) void link.close()
    }
  }
}
