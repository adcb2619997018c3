export type { Channel } from './channel.ts'
export { createP2pNode } from './create-p2p-node.ts'
export type { Dht, FindProvidersOptions } from './dht.ts'
export type { Gossip, GossipMessage } from './gossip.ts'
export {
  DEFAULT_TIMEOUT_MS,
  type HandleOptions,
  type OpenChannelOptions,
  type P2pNode,
  type P2pState,
  type PeerAddresses,
  type PeerEvent,
  type WaitOptions
} from './p2p-node.ts'
export type { P2pLimits, P2pOptions, TransportFactory } from './p2p-options.ts'
export { RELAY_LIMITS, type RelayLimits } from './relay-limits.ts'
export type { TransportName } from './transport-name.ts'
