import { CraftecError } from '../../errors/index.ts'
import { type PeerId, parsePeerId, peerIdFromPublicKey } from '../../identity/index.ts'
import type { PeerAddresses } from '../../p2p/index.ts'
import type { DirectoryView } from './directory.ts'

/**
 * The bootstrap nodes as peers: each multiaddr ends in `/p2p/<PeerId>`, and several may name one peer.
 * @throws CraftecError `invalid-argument`
 */
export function bootstrapSources(addresses: readonly string[]): PeerAddresses[] {
  const peers = new Map<PeerId, string[]>()
  for (const address of addresses) {
    const name = /\/p2p\/([^/]+)$/.exec(address)?.[1]
    if (name === undefined)
      throw new CraftecError(
        'invalid-argument',
        'every bootstrap address must be a multiaddr that ends in /p2p/<PeerId>'
      )
    const peerId = parsePeerId(name)
    peers.set(peerId, [...(peers.get(peerId) ?? []), address])
  }
  return [...peers].map(([peerId, list]) => ({ peerId, addresses: list }))
}

/** Nodes that say they serve the directory. A bootstrap node that lies by omission is only found out by asking others. */
export function directoryNodes(view: DirectoryView): PeerAddresses[] {
  return view.nodes
    .filter(node => node.roles.directory && node.addresses.length > 0)
    .map(node => ({ peerId: peerIdFromPublicKey(node.identity), addresses: node.addresses }))
}

/** Nodes that say they keep pieces of content for others. */
export function storageNodes(view: DirectoryView): PeerAddresses[] {
  return view.nodes
    .filter(node => node.roles.storage && node.addresses.length > 0)
    .map(node => ({ peerId: peerIdFromPublicKey(node.identity), addresses: node.addresses }))
}
