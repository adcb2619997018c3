import type { TransportName } from '../../p2p/index.ts'
import type { Descriptor } from '../directory/index.ts'

const LOOPBACK = /^\/(?:ip4\/127\.|ip6\/::1\/|dns[46]?\/localhost\/)/

/**
 * Whether the network to enter is on this machine, as a devnet is: all its bootstrap addresses are loopback ones. Only then may
 * hops share a subnet and private addresses be dialled.
 */
export function isLocalNetwork(bootstrap: readonly string[]): boolean {
  return bootstrap.length > 0 && bootstrap.every(address => LOOPBACK.test(address))
}

/** Whether a link to `node` could be opened with the transports this runtime has. */
export function isDialable(node: Descriptor, transports: readonly TransportName[]): boolean {
  return node.addresses.some(address => transports.includes(transportOf(address)))
}

function transportOf(address: string): TransportName {
  if (address.includes('/p2p-circuit')) return address.includes('/webrtc') ? 'webrtc' : 'circuit-relay'
  if (address.includes('/webrtc-direct')) return 'webrtc-direct'
  return address.includes('/webtransport') ? 'webtransport' : 'websocket'
}
