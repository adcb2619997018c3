import { multiaddr } from '@multiformats/multiaddr'
import { CraftecError } from '../errors/index.ts'
import type { PeerId } from '../identity/index.ts'
import type { PeerAddresses } from './p2p-node.ts'

/** Peers a node keeps a link to; a longer list is a mistake of the caller. */
const MAX_BOOTSTRAP_ADDRESSES = 64

/**
 * Group bootstrap multiaddrs by the peer they name.
 * @throws CraftecError `invalid-argument` when one does not parse or has no `/p2p/` at its end
 */
export function parseBootstrap(addresses: readonly string[]): PeerAddresses[] {
  if (addresses.length > MAX_BOOTSTRAP_ADDRESSES) {
    throw new CraftecError('invalid-argument', `at most ${MAX_BOOTSTRAP_ADDRESSES} bootstrap addresses`)
  }
  const peers = new Map<string, string[]>()
  for (const [index, text] of addresses.entries()) {
    const peer = peerAtEnd(text)
    if (peer === undefined) {
      throw new CraftecError(
        'invalid-argument',
        `bootstrap address ${index} must be a multiaddr that ends in /p2p/<peer>`
      )
    }
    peers.set(peer, [...(peers.get(peer) ?? []), text])
  }
  return [...peers].map(([peerId, addresses]) => ({ peerId: peerId as PeerId, addresses }))
}

function peerAtEnd(text: string): string | undefined {
  try {
    const last = multiaddr(text).getComponents().at(-1)
    return last?.name === 'p2p' ? last.value : undefined
  } catch {
    return undefined
  }
}
