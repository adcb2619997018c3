import type { PeerAddresses } from '../../p2p/index.ts'
import { IndexSet } from '../transfer/index.ts'
import { rendezvous } from './rendezvous.ts'

/** Storage peers that share one content; more would make the shares of small contents vanish. */
const MAX_PEERS = 16

/** What one peer should hold of a segment. */
export interface Share {
  readonly committed: IndexSet
  /** Newly recoded pieces, where there are fewer committed ones than the network should hold. */
  readonly recoded: number
}

/**
 * Deal the pieces of a segment to storage peers. First each committed piece once, so that reading needs no decoding while nobody is
 * missing. What the network should hold beyond that are new combinations: any k of all of them do, while copies would only help
 * against the loss of their twins; of a single piece there are only copies. A single peer gets no more than there are committed pieces: it can be lost only once.
 * @param committed pieces the publisher committed to
 * @param target pieces that the network should hold
 * @param peers how many share them
 * @param peer which of them, 0..peers-1
 */
export function shareOf(committed: number, target: number, peers: number, peer: number): Share {
  const share = new IndexSet()
  for (let index = peer; index < committed; index += peers) share.add(index)
  const wanted = Math.min(Math.ceil(target / peers), committed)
  if (peers === 2 || committed === 1) {
    // Two peers: each can be enough alone, and copies need no decoding. A single piece has no combinations.
    for (let index = 0; index < committed && share.size < wanted; index++) share.add(index)
    return { committed: share, recoded: 0 }
  }
  return { committed: share, recoded: Math.max(0, wanted - share.size) }
}

/**
 * The storage peers that share a content, in order: every publisher deals it to the same ones, and a reader who has the link knows them
 * without asking anybody.
 */
export function sharingPeers(peers: readonly PeerAddresses[], manifestId: Uint8Array): PeerAddresses[] {
  return [...peers]
    .map(peer => ({ peer, distance: rendezvous(peer.peerId, manifestId) }))
    .sort((a, b) => (a.distance < b.distance ? -1 : 1))
    .slice(0, MAX_PEERS)
    .map(({ peer }) => peer)
}
