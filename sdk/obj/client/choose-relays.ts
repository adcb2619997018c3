import type { PeerAddresses } from '../../p2p/index.ts'
import { rendezvous } from './rendezvous.ts'

/** Bootstrap nodes that are asked: everybody knows them, so a content is found through them while the network is small. */
const MAX_BOOTSTRAP = 3
/** Other relays that a content's records are kept on. */
const NEAREST = 4

/**
 * The relays that keep records of a content: publisher, holders and readers who know the same nodes come to the same ones.
 * @param others nodes that say they keep records; order is irrelevant
 */
export function chooseRelays(
  bootstrap: readonly PeerAddresses[],
  others: readonly PeerAddresses[],
  contentId: Uint8Array
): PeerAddresses[] {
  const chosen = bootstrap.slice(0, MAX_BOOTSTRAP)
  const known = new Set(chosen.map(({ peerId }) => peerId))
  const nearest = others
    .filter(({ peerId }) => !known.has(peerId))
    .map(peer => ({ peer, distance: rendezvous(peer.peerId, contentId) }))
    .sort((a, b) => (a.distance < b.distance ? -1 : 1))
    .slice(0, NEAREST)
  return [...chosen, ...nearest.map(({ peer }) => peer)]
}
