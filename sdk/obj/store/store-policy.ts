import { type Clock, systemClock } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { valueByUse } from './content-value.ts'
import type { ContentValue } from './piece-store.ts'

/** What a store may take, and what it gives up first. Every engine has the same. */
export interface StorePolicyOptions {
  /** Bytes of all pieces. Default: no cap of its own; what the system grants holds in any case. */
  readonly quotaBytes?: number
  /** Bytes kept for all peers together. Default: half of `quotaBytes`. */
  readonly peersQuotaBytes?: number
  /** Bytes kept for each peer. Default: an eighth of `peersQuotaBytes`. */
  readonly peerQuotaBytes?: number
  /** Default: by last use, own content before that of peers. */
  readonly value?: ContentValue
  readonly clock?: Clock
}

export type StorePolicy = Readonly<Required<StorePolicyOptions>>

/** @throws CraftecError `invalid-argument` for caps that are no non-negative numbers */
export function storePolicy(options: StorePolicyOptions): StorePolicy {
  const quotaBytes = options.quotaBytes ?? Number.POSITIVE_INFINITY
  const peersQuotaBytes = options.peersQuotaBytes ?? quotaBytes / 2
  const peerQuotaBytes = options.peerQuotaBytes ?? peersQuotaBytes / 8
  for (const [name, value] of Object.entries({ quotaBytes, peersQuotaBytes, peerQuotaBytes }))
    if (!(value >= 0)) throw new CraftecError('invalid-argument', `${name}: expected bytes, at least 0, got ${value}`)
  const { value = valueByUse, clock = systemClock } = options
  return { quotaBytes, peersQuotaBytes, peerQuotaBytes, value, clock }
}

/** Bytes taken before a write of `added` more. */
export interface Taken {
  readonly bytes: number
  readonly peersBytes: number
  readonly peerBytes: number
}

/**
 * Peers' caps are theirs: nothing is evicted to keep a promise to somebody who asks for too much.
 * @throws CraftecError `limit-exceeded` when a write for a peer breaks one of them
 */
export function checkPeerQuota(policy: StorePolicy, taken: Taken, added: number): void {
  if (taken.peerBytes + added > policy.peerQuotaBytes)
    throw new CraftecError('limit-exceeded', `this peer has used up its ${policy.peerQuotaBytes} bytes here`, {
      details: { quotaBytes: policy.peerQuotaBytes, usedBytes: taken.peerBytes, neededBytes: added }
    })
  if (taken.peersBytes + added > policy.peersQuotaBytes)
    throw new CraftecError('limit-exceeded', `peers have used up their ${policy.peersQuotaBytes} bytes here`, {
      details: { quotaBytes: policy.peersQuotaBytes, usedBytes: taken.peersBytes, neededBytes: added }
    })
}

export function storeFull(quotaBytes: number, usedBytes: number, neededBytes: number, cause?: unknown): CraftecError {
  return new CraftecError(
    'storage-full',
    `no room for ${neededBytes} bytes more: ${usedBytes} of ${quotaBytes} are taken by pinned or more valuable content. ` +
      'Unpin or remove some, or raise the quota; nothing was changed',
    { details: { quotaBytes, usedBytes, neededBytes }, ...(cause === undefined ? {} : { cause }) }
  )
}
