/**
 * What has to go so that pieces pushed by a peer have room, or why they have none. Pure: the answer to an offer and the write that
 * follows it both ask this, as do all engines. docs/storage.md says what the rule defends, and against whom.
 */
import type { StorePolicy } from './store-policy.ts'

/** Content that holds pieces, as a push sees it. */
export interface KeptContent {
  /** Manifest id in hex. */
  readonly manifest: string
  readonly origin: 'own' | 'peer'
  /** Whose quota it counts against; of `peer` only. */
  readonly peer?: string | undefined
  readonly pinned: boolean
  /** Of the quota. */
  readonly bytes: number
  readonly value: number
  /** Milliseconds since the Unix epoch. */
  readonly addedAt: number
}

export interface Push {
  readonly manifest: string
  readonly peer: string
  /** Whose content the pieces belong to: a peer's, or undefined for the device's own. */
  readonly owner: string | undefined
  /** Of the quota. */
  readonly addedBytes: number
  /** What the content is worth with the pieces. */
  readonly value: number
}

/** Room that was promised to a peer, and is not taken yet. */
export interface Promised {
  readonly peer: string
  readonly bytes: number
}

export interface StoreSums {
  readonly now: number
  /** The cap, or what the system leaves, whichever is less. */
  readonly quotaBytes: number
  readonly bytes: number
  readonly peersBytes: number
  /** Taken by content of a peer. */
  readonly bytesOf: (peer: string) => number
  /** Of content of others that pushes may still displace today. */
  readonly turnoverBytes: number
  readonly promised: readonly Promised[]
}

export type Displacement =
  | { readonly outcome: 'fits'; readonly displaced: readonly KeptContent[] }
  | { readonly outcome: 'refused'; readonly by: 'peer-quota' | 'peers-quota' | 'quota' }

/**
 * All or nothing: what goes makes room for the whole push, or nothing goes. Into content of somebody else a peer may push only what
 * has room as it is.
 * @param kept in the order of {@link byValue}
 */
export function planDisplacement(
  push: Push,
  sums: StoreSums,
  policy: StorePolicy,
  kept: readonly KeptContent[]
): Displacement {
  const missing = missingBytes(push, sums, policy)
  const needed = Math.max(missing.ofPeer, missing.ofPeers, missing.inAll)
  if (needed <= 0) return { outcome: 'fits', displaced: [] }
  const lesser = push.owner === push.peer ? kept.filter(content => isLesser(content, push, sums.now, policy)) : []
  const displaced: KeptContent[] = []
  let freed = 0
  for (const content of lesser) {
    if (freed >= needed) break
    if (content.peer !== push.peer) continue
    displaced.push(content)
    freed += content.bytes
  }
  if (freed < missing.ofPeer) return { outcome: 'refused', by: 'peer-quota' }
  const share = bytesWithPromises(push.peer, sums) + push.addedBytes - freed
  const left = new Map<string, number>()
  let turnover = sums.turnoverBytes
  for (const content of lesser) {
    if (freed >= needed) break
    const { peer, bytes } = content
    if (peer === undefined || peer === push.peer || bytes > turnover) continue
    const rest = (left.get(peer) ?? sums.bytesOf(peer)) - bytes
    if (rest < share) continue
    left.set(peer, rest)
    turnover -= bytes
    displaced.push(content)
    freed += bytes
  }
  if (freed >= needed) return { outcome: 'fits', displaced }
  return { outcome: 'refused', by: freed < missing.ofPeers ? 'peers-quota' : 'quota' }
}

/** @returns the most pieces, 0..`pieces`, for which `plan` finds room: fewer never need more */
export function mostPieces(pieces: number, plan: (pieces: number) => Displacement): number {
  let [fits, refused] = [0, pieces + 1]
  while (refused - fits > 1) {
    // All of them first: that is the rule.
    const next = refused > pieces ? pieces : Math.floor((fits + refused) / 2)
    if (plan(next).outcome === 'fits') fits = next
    else refused = next
  }
  return fits
}

/** Least valuable first; the same everywhere, also where values are equal. */
export function byValue(left: KeptContent, right: KeptContent): number {
  return left.value - right.value || (left.manifest < right.manifest ? -1 : 1)
}

function isLesser(content: KeptContent, push: Push, now: number, { tenureMs }: StorePolicy): boolean {
  return (
    content.origin === 'peer' &&
    !content.pinned &&
    content.bytes > 0 &&
    content.manifest !== push.manifest &&
    content.value < push.value &&
    now - content.addedAt >= tenureMs
  )
}

interface Missing {
  readonly ofPeer: number
  readonly ofPeers: number
  readonly inAll: number
}

function missingBytes({ owner, addedBytes }: Push, sums: StoreSums, policy: StorePolicy): Missing {
  const promised = sums.promised.reduce((sum, { bytes }) => sum + bytes, 0)
  const inAll = sums.bytes + promised + addedBytes - sums.quotaBytes
  if (owner === undefined) return { ofPeer: 0, ofPeers: 0, inAll }
  return {
    ofPeer: bytesWithPromises(owner, sums) + addedBytes - policy.peerQuotaBytes,
    ofPeers: sums.peersBytes + promised + addedBytes - policy.peersQuotaBytes,
    inAll
  }
}

function bytesWithPromises(peer: string, { bytesOf, promised }: StoreSums): number {
  return promised.reduce((sum, one) => (one.peer === peer ? sum + one.bytes : sum), bytesOf(peer))
}
