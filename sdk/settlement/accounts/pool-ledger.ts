import { type BorshValue, i64, struct, u64 } from '../../codec/index.ts'
import { addressCodec } from '../address/index.ts'

/** What every pool keeps account of, whether a subscription's or a creator's. */
export const poolLedger = struct({
  owner: addressCodec,
  /** Slot that opened it: tells this opening from any other at the same address. */
  openedSlot: u64,
  /** Base units that are not promised to anyone. */
  balance: u64,
  /** Base units in open distributions. */
  promised: u64,
  /** Distributions posted so far. */
  epoch: u64,
  lastDistributionAt: i64,
  openDistributions: u64
})

export type PoolLedger = BorshValue<typeof poolLedger>
