import { type BorshValue, fixedBytes, i64, struct, u8, u16, u32, u64 } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { addressCodec } from '../address/index.ts'
import { reserved } from '../reserved.ts'
import { type AccountCodec, accountCodec, type RawAccount } from './account-codec.ts'
import { version } from './version.ts'

/** How claims are remembered: one bit an entry in the account itself, or an account for each. */
export const DISTRIBUTION_MODES = ['bitmap', 'receipts'] as const
const BITMAP = 0
const HEAD_BYTES = 176

const fields = struct({
  version,
  bump: u8,
  /** Place in {@link DISTRIBUTION_MODES}. */
  mode: u8,
  reservedByte: reserved(1),
  /** The fee when it was posted; later changes do not touch it. */
  feeBps: u16,
  reserved: reserved(2),
  pool: addressCodec,
  rentPayer: addressCodec,
  /** Merkle root over (operator, weight). */
  root: fixedBytes(32),
  poolOpenedSlot: u64,
  epoch: u64,
  /** Base units to share out. */
  amount: u64,
  totalWeight: u64,
  claimedAmount: u64,
  claimedWeight: u64,
  /** Until then at least, it cannot be closed over unclaimed shares. */
  claimsEndAt: i64,
  entries: u32,
  claims: u32
})

export type DistributionAccount = BorshValue<typeof fields>

/** In bitmap mode the bits follow the fields: read them with {@link isClaimed}. */
export const distributionAccount: AccountCodec<DistributionAccount> = accountCodec({
  name: 'Distribution',
  sizeBytes: HEAD_BYTES,
  fields,
  mayGrow: true
})

/**
 * Whether the entry at `index` was claimed.
 * @param account the account that `distribution` was decoded from
 * @returns undefined when the distribution keeps receipts: then it was if the receipt account exists
 * @throws CraftecError `account-invalid` when the bitmap is too short, `invalid-argument` when there is no such entry
 */
export function isClaimed(distribution: DistributionAccount, { data }: RawAccount, index: number): boolean | undefined {
  if (!Number.isInteger(index) || index < 0 || index >= distribution.entries) {
    throw new CraftecError('invalid-argument', `the distribution has ${distribution.entries} entries, none at ${index}`)
  }
  if (distribution.mode !== BITMAP) return undefined
  const byte = data[HEAD_BYTES + (index >> 3)]
  if (byte === undefined) throw new CraftecError('account-invalid', 'Distribution: the bitmap is too short')
  return ((byte >> (index & 7)) & 1) === 1
}
