import { type BorshValue, fixedBytes, i64, struct, u8, u64 } from '../../codec/index.ts'
import { reserved } from '../reserved.ts'
import { type AccountCodec, accountCodec } from './account-codec.ts'
import { poolLedger } from './pool-ledger.ts'
import { version } from './version.ts'

const fields = struct({
  version,
  bump: u8,
  vaultBump: u8,
  service: u8,
  tier: u8,
  billingPeriod: u8,
  reserved: reserved(2),
  /** Its owner is the subscriber. */
  ledger: poolLedger,
  poolId: fixedBytes(32),
  startedAt: i64,
  periodEndsAt: i64,
  /** Later than `periodEndsAt` when a period ahead is paid. */
  expiresAt: i64,
  /** Base units that `cancel` gives back. */
  paidAhead: u64
})

export type SubscriptionAccount = BorshValue<typeof fields>

export const subscriptionAccount: AccountCodec<SubscriptionAccount> = accountCodec({
  name: 'Subscription',
  sizeBytes: 160,
  fields
})
