import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { PeerAddresses } from './p2p-node.ts'

/** Addresses of one peer that are looked at; whoever announces more is only wasting its own chances. */
const MAX_ADDRESSES = 16

/** The usable addresses of `peer`, each ending in its `/p2p/` part. What does not parse or names another peer is left out. */
export function dialAddresses(peer: PeerAddresses): Multiaddr[] {
  const usable: Multiaddr[] = []
  for (const text of peer.addresses.slice(0, MAX_ADDRESSES)) {
    try {
      const address = multiaddr(text)
      const last = address.getComponents().at(-1)
      if (last?.name !== 'p2p') usable.push(address.encapsulate(`/p2p/${peer.peerId}`))
      else if (last.value === peer.peerId) usable.push(address)
    } catch {
      // hostile or newer than this version: skip it, the others may work
    }
  }
  return usable
}
