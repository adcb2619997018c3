import { IndexSet } from '../transfer/index.ts'

/** What one peer should hold of a segment. */
export interface Share {
  readonly committed: IndexSet
  /** Newly recoded pieces, where there are fewer committed ones than the network should hold. */
  readonly recoded: number
}

/**
 * Deal the pieces of a segment to storage peers. First each committed piece once, so that reading needs no decoding while nobody is
 * missing. What the network should hold beyond that are new combinations: any k of all of them do, while copies would only help
 * against the loss of their twins. A single peer gets no more than there are committed pieces: it can be lost only once.
 * @param committed pieces the publisher committed to
 * @param target pieces that the network should hold
 * @param peers how many share them
 * @param peer which of them, 0..peers-1
 */
export function shareOf(committed: number, target: number, peers: number, peer: number): Share {
  const share = new IndexSet()
  for (let index = peer; index < committed; index += peers) share.add(index)
  const wanted = Math.min(Math.ceil(target / peers), committed)
  if (peers === 2) {
    // Two peers: each can be enough alone, and copies need no decoding.
    for (let index = 0; index < committed && share.size < wanted; index++) share.add(index)
    return { committed: share, recoded: 0 }
  }
  return { committed: share, recoded: Math.max(0, wanted - share.size) }
}
