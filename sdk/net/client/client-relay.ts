/**
 * The relay of a node that people use: a page that passes on circuits for others, next to its own. It never exits, keeps
 * far less than a server would, and its descriptor dies soon after it.
 */
import type { Clock, RandomBytes } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { Identity } from '../../identity/index.ts'
import type { P2pNode } from '../../p2p/index.ts'
import type { RelayLimits } from '../circuit/index.ts'
import { type Directory, participateInDirectory } from '../directory/index.ts'
import { type NetRelay, type OnionLinks, type RelayStats, startNetRelay } from '../node/index.ts'

export interface ClientRelayOptions {
  /** Reachable: it keeps a reservation, see `P2pOptions.reachable`. */
  readonly node: P2pNode
  /** The one the node's seed belongs to. */
  readonly identity: Identity
  /** Multiaddrs of the nodes that are told about this one. */
  readonly bootstrap: readonly string[]
  /** Shared with the client on the same node. */
  readonly directory: Directory
  /** Shared with the client on the same node, so that neighbours cannot tell own circuits from others'. */
  readonly links: OnionLinks
  readonly country?: string | undefined
  readonly bandwidthKiBps?: number | undefined
  readonly clock: Clock
  readonly random: RandomBytes
}

export interface ClientRelay {
  stats(): RelayStats
  /** End the circuits of others, and tell the network no more. Idempotent; never rejects. The links stay. */
  stop(): Promise<void>
}

/** What a home connection gives without its owner noticing. */
const DEFAULT_BANDWIDTH_KIBPS = 512
const UNKNOWN_COUNTRY = '??'
/** A closed tab says nothing; this long at most clients may still try it. */
const DESCRIPTOR_LIFETIME_MS = 60 * 60 * 1000
/** A tab shares memory and one thread with the page: a few dozen users, not thousands. */
const PAGE_LIMITS: Partial<RelayLimits> = {
  maxCircuits: 256,
  maxCircuitsPerLink: 128,
  createsPerSecond: 10,
  createBurst: 64,
  maxQueuedBytes: 16 * 1024 * 1024,
  maxReplayTags: 1 << 14,
  maxDials: 8
}

/**
 * Relay for others on a client's node.
 * @throws CraftecError `unsupported` where the runtime cannot be dialled over WebRTC; `invalid-argument`
 */
export function startClientRelay(options: ClientRelayOptions): ClientRelay {
  const { node, identity, bootstrap, directory, links, clock, random } = options
  if (!node.transports.includes('webrtc'))
    throw new CraftecError(
      'unsupported',
      'to relay, a node must be dialled over WebRTC; start it in a page, not in a worker'
    )
  const participant = participateInDirectory({ node, directory, bootstrap, serve: false, clock, random })
  let relay: NetRelay
  try {
    relay = startNetRelay({
      node,
      identity,
      directory,
      links,
      description: {
        roles: { relay: true, exit: false, directory: false, storage: false },
        country: options.country ?? UNKNOWN_COUNTRY,
        region: '',
        family: [],
        bandwidthKiBps: options.bandwidthKiBps ?? DEFAULT_BANDWIDTH_KIBPS,
        priceLamportsPerGiB: 0n,
        exitPorts: []
      },
      descriptorLifetimeMs: DESCRIPTOR_LIFETIME_MS,
      publishDescriptor: bytes => participant.publish(bytes),
      limits: PAGE_LIMITS,
      clock,
      random
    })
  } catch (error) {
    participant.stop()
    throw error
  }
  return {
    stats: () => relay.stats(),
    stop: () => {
      participant.stop()
      return relay.stop()
    }
  }
}
