import { type BorshValue, bool, i64, struct, u8, u64 } from '../../codec/index.ts'
import { addressCodec } from '../address/index.ts'
import { reserved } from '../reserved.ts'
import { type AccountCodec, accountCodec } from './account-codec.ts'
import { version } from './version.ts'

/** What a plan is for (docs/protocol/settlement.md, "Values"). */
export const SERVICES = ['tunnel', 'data', 'compute', 'parallel', 'bundle'] as const
export const BILLING_PERIODS = ['monthly', 'yearly'] as const

const fields = struct({
  version,
  bump: u8,
  /** Place in {@link SERVICES}. */
  service: u8,
  /** For data: 0 free, 1 lite, 2 standard, 3 pro, 4 enterprise. */
  tier: u8,
  /** Place in {@link BILLING_PERIODS}: 30 or 365 days. */
  billingPeriod: u8,
  /** Whether it is sold. */
  active: bool,
  reserved: reserved(2),
  rentPayer: addressCodec,
  /** Base units of the configured mint, for one period. */
  price: u64,
  /** Seconds since the Unix epoch, as everywhere in these accounts. */
  updatedAt: i64
})

export type PlanAccount = BorshValue<typeof fields>

export const planAccount: AccountCodec<PlanAccount> = accountCodec({ name: 'Plan', sizeBytes: 64, fields })
