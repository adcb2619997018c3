import { type BorshValue, i64, struct, u8, u32, u64 } from '../../codec/index.ts'
import { addressCodec } from '../address/index.ts'
import { reserved } from '../reserved.ts'
import { type AccountCodec, accountCodec } from './account-codec.ts'
import { version } from './version.ts'

const fields = struct({
  version,
  bump: u8,
  reserved: reserved(2),
  index: u32,
  distribution: addressCodec,
  operator: addressCodec,
  /** Base units, before the fee. */
  amount: u64,
  claimedAt: i64
})

export type ClaimReceiptAccount = BorshValue<typeof fields>

/** Exists once its entry is claimed. */
export const claimReceiptAccount: AccountCodec<ClaimReceiptAccount> = accountCodec({
  name: 'ClaimReceipt',
  sizeBytes: 96,
  fields
})
