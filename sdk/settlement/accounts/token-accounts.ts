/** What is read of the SPL Token program's accounts (SPL Token, `state.rs`); nothing here writes them. */
import { CraftecError } from '../../errors/index.ts'
import { type Address, addressFromBytes, TOKEN_PROGRAM } from '../address/index.ts'
import type { RawAccount } from './account-codec.ts'

const MINT_BYTES = 82
const DECIMALS_AT = 44
const INITIALIZED_AT = 45
const TOKEN_ACCOUNT_BYTES = 165
const OWNER_AT = 32
const AMOUNT_AT = 64

/** @returns decimals of a mint @throws CraftecError `account-invalid` */
export function mintDecimals({ owner, data }: RawAccount): number {
  if (owner !== TOKEN_PROGRAM || data.length !== MINT_BYTES || data[INITIALIZED_AT] !== 1)
    throw new CraftecError('account-invalid', 'not a mint of SPL Token')
  return data[DECIMALS_AT] ?? 0
}

/** @returns base units that a token account holds @throws CraftecError `account-invalid` for one of another owner or mint */
export function tokenAmount(
  account: RawAccount,
  expected: { readonly owner: Address; readonly mint: Address }
): bigint {
  const { owner, data } = account
  if (owner !== TOKEN_PROGRAM || data.length !== TOKEN_ACCOUNT_BYTES)
    throw new CraftecError('account-invalid', 'not a token account of SPL Token')
  const mint = addressFromBytes(data.subarray(0, OWNER_AT))
  const holder = addressFromBytes(data.subarray(OWNER_AT, AMOUNT_AT))
  if (mint !== expected.mint || holder !== expected.owner)
    throw new CraftecError('account-invalid', 'a token account of another owner or mint')
  return new DataView(data.buffer, data.byteOffset).getBigUint64(AMOUNT_AT, true)
}
