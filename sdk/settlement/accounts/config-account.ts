import { array, type BorshValue, bool, i64, struct, u8, u16 } from '../../codec/index.ts'
import { type Address, addressCodec, NO_ADDRESS } from '../address/index.ts'
import { type AccountCodec, accountCodec } from './account-codec.ts'
import { version } from './version.ts'

/** Places for aggregators in the configuration; `aggregatorCount` of them are taken. */
export const MAX_AGGREGATORS = 8

const fields = struct({
  version,
  bump: u8,
  feeVaultBump: u8,
  /** Nothing takes money in; money can always leave. */
  paused: bool,
  /** Of what is paid out, in basis points. */
  feeBps: u16,
  quorumThreshold: u8,
  aggregatorCount: u8,
  admin: addressCodec,
  /** {@link NO_ADDRESS} when nobody was proposed. */
  pendingAdmin: addressCodec,
  mint: addressCodec,
  treasury: addressCodec,
  epochSecs: i64,
  forceCloseDelaySecs: i64,
  claimWindowSecs: i64,
  withdrawalDelaySecs: i64,
  aggregators: array(addressCodec, MAX_AGGREGATORS)
})

export type ConfigAccount = BorshValue<typeof fields>

/** What holds for the whole program. */
export const configAccount: AccountCodec<ConfigAccount> = accountCodec({ name: 'Config', sizeBytes: 432, fields })

/** Who may sign distributions. */
export function aggregatorsOf({ aggregators, aggregatorCount }: ConfigAccount): readonly Address[] {
  return aggregators.slice(0, aggregatorCount).filter(address => address !== NO_ADDRESS)
}
