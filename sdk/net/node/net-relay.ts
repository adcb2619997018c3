/** The relay and exit of a node: `sdk/net/circuit`'s relay core, driven by real links, time and a directory. */
import { type Clock, type RandomBytes, systemClock, systemRandom } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { Identity } from '../../identity/index.ts'
import type { P2pNode } from '../../p2p/index.ts'
import {
  DEFAULT_RELAY_LIMITS,
  RelayCore,
  type RelayCounters,
  type RelayEffect,
  type RelayEvent,
  type RelayLimits
} from '../circuit/index.ts'
import type { Descriptor, Directory } from '../directory/index.ts'
import type { ExitBackend } from './exit-backend.ts'
import { bridgeToExit } from './exit-bridge.ts'
import { OnionKeyRing } from './onion-key-ring.ts'
import { type LinkUser, OnionLinks } from './onion-links.ts'
import { OwnDescriptor, type RelayDescription } from './own-descriptor.ts'

const TICK_MS = 1_000
const DIAL_TIMEOUT_MS = 10_000
const CONNECT_TIMEOUT_MS = 15_000

export interface NetRelayOptions {
  readonly node: P2pNode
  /** The one the node's seed belongs to: neighbours know the node by it. */
  readonly identity: Identity
  /** Where next hops are found. A next hop that is not in it is refused. */
  readonly directory: Directory
  /** What the descriptor says besides keys, addresses and times. */
  readonly description: RelayDescription
  /** Takes each new signed descriptor: at the start, after a key change, when addresses change, and every few hours. */
  readonly publishDescriptor: (bytes: Uint8Array, descriptor: Descriptor) => void
  /** How long each descriptor is valid, at most 48 h. Default a day. */
  readonly descriptorLifetimeMs?: number
  /** Without one, circuits cannot end here. */
  readonly exit?: ExitBackend
  readonly limits?: Partial<RelayLimits>
  /** Share the links of a circuit client on the same node. Default: links of its own, which it also stops. */
  readonly links?: OnionLinks
  readonly clock?: Clock
  readonly random?: RandomBytes
}

export interface RelayStats extends RelayCounters {
  readonly links: number
  readonly circuits: number
  readonly streams: number
  readonly queuedBytes: number
  readonly draining: boolean
}

export interface NetRelay {
  /** Numbers only: nothing in them tells circuits, peers or targets apart. */
  stats(): RelayStats
  /** Take no new circuits and streams; let open streams finish, at most `timeoutMs`; then end all circuits. Never rejects. */
  drain(options: { readonly timeoutMs: number }): Promise<void>
  /** End all circuits at once. Idempotent; never rejects. */
  stop(): Promise<void>
}

/**
 * Relay circuits for others, and let them end here if there is an exit backend. Works wherever the node does, pages
 * included.
 * @throws CraftecError `invalid-argument` when identity and node differ
 */
export function startNetRelay(options: NetRelayOptions): NetRelay {
  return new RunningRelay(options)
}

class RunningRelay implements NetRelay {
  private readonly options: NetRelayOptions
  private readonly clock: Clock
  private readonly links: OnionLinks
  private readonly core: RelayCore
  private readonly keys: OnionKeyRing
  private readonly descriptor: OwnDescriptor
  private readonly life = new AbortController()
  private cancelTick = (): void => {}
  private draining = false
  private onDrained = (): void => {}
  private stopping: Promise<void> | undefined

  constructor(options: NetRelayOptions) {
    const { node, identity, clock = systemClock, random = systemRandom } = options
    if (identity.peerId !== node.peerId)
      throw new CraftecError('invalid-argument', 'a relay needs the identity that its node was started with')
    this.options = options
    this.clock = clock
    this.keys = new OnionKeyRing(random, clock.now())
    this.core = new RelayCore({
      identity: identity.publicKey,
      onionKeys: this.keys.keys,
      exit: options.exit !== undefined,
      random,
      nowMs: () => clock.monotonic(),
      ...(options.limits === undefined ? {} : { limits: options.limits })
    })
    this.descriptor = new OwnDescriptor({
      node,
      identity,
      clock,
      description: options.description,
      lifetimeMs: options.descriptorLifetimeMs,
      publish: options.publishDescriptor
    })
    const { maxCircuitsPerLink = DEFAULT_RELAY_LIMITS.maxCircuitsPerLink } = options.limits ?? {}
    this.links = options.links ?? new OnionLinks({ node, clock, random })
    const user: LinkUser = {
      up: link => this.handle({ type: 'link-up', link }),
      frame: (link, frame) => this.handle({ type: 'frame', link, frame }),
      down: link => this.handle({ type: 'link-down', link })
    }
    this.links.serve(user, maxCircuitsPerLink)
    this.tick()
  }

  stats(): RelayStats {
    const { core } = this
    return {
      ...core.counters,
      links: core.linkCount,
      circuits: core.circuitCount,
      streams: core.streamCount,
      queuedBytes: core.queuedBytes,
      draining: this.draining
    }
  }

  async drain({ timeoutMs }: { readonly timeoutMs: number }): Promise<void> {
    this.draining = true
    this.handle({ type: 'drain' })
    await new Promise<void>(resolve => {
      const cancel = this.clock.after(timeoutMs, resolve)
      this.onDrained = () => {
        cancel()
        resolve()
      }
      this.checkDrained()
    })
    this.handle({ type: 'shut-down' })
  }

  stop(): Promise<void> {
    this.stopping ??= this.end()
    return this.stopping
  }

  private async end(): Promise<void> {
    this.draining = true
    this.cancelTick()
    this.handle({ type: 'shut-down' })
    this.life.abort(new CraftecError('stopped', 'the relay was stopped'))
    this.onDrained()
    if (this.options.links === undefined) await this.links.stop()
    else this.links.refuse()
  }

  private handle(event: RelayEvent): void {
    for (const effect of this.core.handle(event)) this.apply(effect)
  }

  private apply(effect: RelayEffect): void {
    switch (effect.type) {
      case 'dial':
        void this.dial(effect.identity)
        return
      case 'close-link':
        this.links.abort(effect.link, effect.error)
        return
      case 'renew-keys':
        this.rotateKeys()
        return
      case 'stream':
        if (this.options.exit !== undefined)
          void bridgeToExit(effect.stream, {
            backend: this.options.exit,
            clock: this.clock,
            connectTimeoutMs: CONNECT_TIMEOUT_MS
          })
    }
  }

  /** Only the directory says where a node is: an address from a circuit could make this node connect anywhere. */
  private async dial(identity: Uint8Array): Promise<void> {
    const known = this.options.directory.get(identity, this.clock.now())
    try {
      if (known === undefined) throw new CraftecError('no-path', 'the next hop is not in the directory')
      const options = { signal: this.life.signal, timeoutMs: DIAL_TIMEOUT_MS }
      const link = await this.links.open(identity, known.addresses, options)
      this.handle({ type: 'dialed', identity, link })
    } catch {
      // Counted by the core; why it failed is nobody's business but the neighbour's.
      this.handle({ type: 'dialed', identity, link: undefined })
    }
  }

  private rotateKeys(): void {
    this.keys.rotate(this.clock.now())
    this.handle({ type: 'keys', onionKeys: this.keys.keys })
    this.descriptor.refresh(this.keys.keys)
  }

  private tick(): void {
    if (this.keys.isDue(this.clock.now())) this.rotateKeys()
    if (!this.draining) this.descriptor.refresh(this.keys.keys)
    this.handle({ type: 'tick' })
    this.checkDrained()
    this.cancelTick = this.clock.after(TICK_MS, () => this.tick())
  }

  private checkDrained(): void {
    if (this.draining && this.core.circuitCount === 0) this.onDrained()
  }
}
