import { type BorshValue, fixedBytes, i64, struct, u8, u64 } from '../../codec/index.ts'
import { addressCodec } from '../address/index.ts'
import { reserved } from '../reserved.ts'
import { type AccountCodec, accountCodec } from './account-codec.ts'
import { version } from './version.ts'

const fields = struct({
  version,
  bump: u8,
  tier: u8,
  reserved: reserved(5),
  pool: addressCodec,
  creator: addressCodec,
  contentId: fixedBytes(32),
  /** Base units, all fundings together. */
  amount: u64,
  fundedAt: i64,
  expiresAt: i64
})

export type ContentFundAccount = BorshValue<typeof fields>

/** Which content a part of a creator's pool is for, at which tier, until when. */
export const contentFundAccount: AccountCodec<ContentFundAccount> = accountCodec({
  name: 'ContentFund',
  sizeBytes: 136,
  fields
})
