import type { Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Clock, type RandomBytes, withDeadline } from '../async/index.ts'
import { CraftecError } from '../errors/index.ts'
import { LinkKeeper } from './link-keeper.ts'
import { DEFAULT_TIMEOUT_MS, type P2pState, type PeerAddresses } from './p2p-node.ts'

/** A relay that is connected grants or refuses within a round trip or two; libp2p's own deadline for it is 2 s. */
const RESERVATION_DEADLINE_MS = 8_000
/** How long libp2p may look for another relay by itself before the links are made anew. */
const RESERVATION_GRACE_MS = 15_000

export interface BootstrapLinksInit {
  readonly libp2p: Libp2p
  readonly peers: readonly PeerAddresses[]
  /** Whether a reservation on a relay belongs to being ready. */
  readonly reachable: boolean
  readonly connect: (peer: PeerAddresses, signal: AbortSignal) => Promise<unknown>
  readonly clock: Clock
  readonly random: RandomBytes
  readonly onState: (state: P2pState) => void
}

/**
 * Keeps the links to the bootstrap peers and, for a reachable node, a reservation on one of the relays, and says what
 * state that leaves the node in.
 */
export class BootstrapLinks {
  private readonly init: BootstrapLinksInit
  private readonly keepers = new Map<string, LinkKeeper>()
  private readonly reservationListeners = new Set<() => void>()
  private cancelGrace: (() => void) | undefined
  /** The latest attempt got as far as a relay that gave no reservation. */
  private refused = false

  constructor(init: BootstrapLinksInit) {
    this.init = init
    const uniform = (): number => (init.random(1)[0] ?? 0) / 256
    for (const peer of init.peers) {
      const connect = (): Promise<void> => this.link(peer)
      this.keepers.set(
        peer.peerId,
        new LinkKeeper({ connect, clock: init.clock, uniform, onChange: () => this.report() })
      )
    }
  }

  has(peer: string): boolean {
    return this.keepers.has(peer)
  }

  start(): void {
    const { libp2p } = this.init
    libp2p.addEventListener('peer:disconnect', this.onDisconnect)
    // fires for every change of what relays grant, the loss of a reservation included
    libp2p.addEventListener('transport:listening', this.onListening)
    for (const keeper of this.keepers.values()) keeper.start()
    this.report()
  }

  stop(): void {
    const { libp2p } = this.init
    libp2p.removeEventListener('peer:disconnect', this.onDisconnect)
    libp2p.removeEventListener('transport:listening', this.onListening)
    this.cancelGrace?.()
    for (const keeper of this.keepers.values()) keeper.stop()
  }

  private readonly onDisconnect = (event: CustomEvent<{ toString(): string }>): void => {
    this.keepers.get(event.detail.toString())?.lost()
  }

  private readonly onListening = (): void => {
    if (!this.init.reachable) return
    this.cancelGrace?.()
    if (this.hasReservation()) for (const listener of [...this.reservationListeners]) listener()
    else this.cancelGrace = this.init.clock.after(RESERVATION_GRACE_MS, () => this.relink())
    this.report()
  }

  private hasReservation(): boolean {
    return this.init.libp2p.getMultiaddrs().some(address => address.toString().includes('/p2p-circuit'))
  }

  private link(peer: PeerAddresses): Promise<void> {
    const { clock, connect, reachable } = this.init
    const timeoutMs = DEFAULT_TIMEOUT_MS + (reachable ? RESERVATION_DEADLINE_MS : 0)
    return withDeadline({ timeoutMs, what: 'bootstrap peer', clock }, async signal => {
      this.refused = false
      await connect(peer, signal)
      if (!reachable) return
      try {
        await this.reservation(signal)
      } catch (error) {
        this.refused = true
        // a new connection makes libp2p ask the relay again
        await this.hangUp(peer.peerId)
        throw error
      }
    })
  }

  private async reservation(signal: AbortSignal): Promise<void> {
    if (this.hasReservation()) return
    let granted = (): void => {}
    try {
      await withDeadline(
        { signal, timeoutMs: RESERVATION_DEADLINE_MS, what: 'relay reservation', clock: this.init.clock },
        () =>
          new Promise<void>(resolve => {
            granted = resolve
            this.reservationListeners.add(granted)
          })
      )
    } finally {
      this.reservationListeners.delete(granted)
    }
  }

  private relink(): void {
    for (const peer of this.keepers.keys()) void this.hangUp(peer)
  }

  private async hangUp(peer: string): Promise<void> {
    await this.init.libp2p.hangUp(peerIdFromString(peer), { signal: AbortSignal.timeout(1_000) }).catch(() => {})
  }

  private report(): void {
    this.init.onState(this.stateNow())
  }

  private stateNow(): P2pState {
    const { reachable } = this.init
    const keepers = [...this.keepers.values()]
    if (keepers.length === 0) return { status: 'ready' }
    if (keepers.some(keeper => keeper.up)) {
      return reachable && !this.hasReservation() ? { status: 'degraded', why: 'no-reservation' } : { status: 'ready' }
    }
    if (!keepers.every(keeper => keeper.failing)) return { status: 'connecting' }
    return { status: 'degraded', why: this.refused ? 'no-reservation' : 'bootstrap-unreachable' }
  }
}

export function unreachable(cause?: unknown): CraftecError {
  return new CraftecError(
    'bootstrap-unreachable',
    'no bootstrap peer answered; check the addresses and whether this network lets them through',
    { cause }
  )
}
