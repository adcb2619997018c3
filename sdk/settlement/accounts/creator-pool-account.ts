import { type BorshValue, i64, struct, u8, u64 } from '../../codec/index.ts'
import { reserved } from '../reserved.ts'
import { type AccountCodec, accountCodec } from './account-codec.ts'
import { poolLedger } from './pool-ledger.ts'
import { version } from './version.ts'

const fields = struct({
  version,
  bump: u8,
  vaultBump: u8,
  service: u8,
  reserved: reserved(4),
  /** Its owner is the creator. */
  ledger: poolLedger,
  /** Base units announced for withdrawal; 0 when none are. */
  withdrawalAmount: u64,
  withdrawalReadyAt: i64
})

export type CreatorPoolAccount = BorshValue<typeof fields>

export const creatorPoolAccount: AccountCodec<CreatorPoolAccount> = accountCodec({
  name: 'CreatorPool',
  sizeBytes: 112,
  fields
})
