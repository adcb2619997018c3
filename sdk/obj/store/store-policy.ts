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
  /** What a peer pushed stays at least this long before another push may displace it, in ms. Default: a day. */
  readonly tenureMs?: number
  /** Of content of other peers what pushes may displace in a day, in bytes. Default: an eighth of `peersQuotaBytes`. */
  readonly turnoverBytesPerDay?: number
  /** Default: by last use, own content before that of peers. */
  readonly value?: ContentValue
  readonly clock?: Clock
}

export type StorePolicy = Readonly<Required<StorePolicyOptions>>

const DAY_MS = 86_400_000

/** @throws CraftecError `invalid-argument` for caps that are no non-negative numbers */
export function storePolicy(options: StorePolicyOptions): StorePolicy {
  const quotaBytes = options.quotaBytes ?? Number.POSITIVE_INFINITY
  const peersQuotaBytes = options.peersQuotaBytes ?? quotaBytes / 2
  const peerQuotaBytes = options.peerQuotaBytes ?? peersQuotaBytes / 8
  const { tenureMs = DAY_MS, turnoverBytesPerDay = peersQuotaBytes / 8 } = options
  const numbers = { quotaBytes, peersQuotaBytes, peerQuotaBytes, tenureMs, turnoverBytesPerDay }
  for (const [name, value] of Object.entries(numbers))
    if (!(value >= 0)) throw new CraftecError('invalid-argument', `${name}: expected at least 0, got ${value}`)
  const { value = valueByUse, clock = systemClock } = options
  return { ...numbers, value, clock }
}

/** What a push that finds no room is told: whose cap stands against it. */
export function pushRefused(
  by: 'peer-quota' | 'peers-quota' | 'quota',
  { quotaBytes, peersQuotaBytes, peerQuotaBytes }: StorePolicy,
  { bytes, peersBytes }: { readonly bytes: number; readonly peersBytes: number },
  neededBytes: number
): CraftecError {
  if (by === 'quota') return storeFull(quotaBytes, bytes, neededBytes)
  const ofOne = by === 'peer-quota'
  const cap = ofOne ? peerQuotaBytes : peersQuotaBytes
  const who = ofOne ? 'this peer has' : 'peers have'
  return new CraftecError(
    'limit-exceeded',
    `${who} used up the ${cap} bytes kept here, and nothing of less value may give way`,
    { details: { quotaBytes: cap, neededBytes, ...(ofOne ? {} : { usedBytes: peersBytes }) } }
  )
}

export function storeFull(quotaBytes: number, usedBytes: number, neededBytes: number, cause?: unknown): CraftecError {
  return new CraftecError(
    'storage-full',
    `no room for ${neededBytes} bytes more: ${usedBytes} of ${quotaBytes} are taken by pinned or more valuable content. ` +
      'Unpin or remove some, or raise the quota; nothing was changed',
    { details: { quotaBytes, usedBytes, neededBytes }, ...(cause === undefined ? {} : { cause }) }
  )
}
