/** Accounts as Solana's RPC shows them (`UiAccount`). */
import { z } from 'zod'
import { encodeBase58 } from '../../sdk/codec/index.ts'
import type { Ledger, LedgerAccount } from '../ledger/index.ts'
import { contextConfig } from './params.ts'
import { parsedAccountData } from './parsed-account.ts'
import { RpcError } from './rpc-error.ts'

/** What an account owes no rent is marked with. */
const RENT_EXEMPT_EPOCH = 0xffff_ffff_ffff_ffffn
/** Agave refuses longer data in base58, which takes quadratic time. */
const MAX_BASE58_BYTES = 128
const TOO_LONG = 'error: data too large for bs58 encoding'

export const accountEncoding = z.enum(['base58', 'base64', 'jsonParsed', 'binary'])
export type AccountEncoding = z.output<typeof accountEncoding>

export const dataSlice = z.object({ offset: z.int().min(0), length: z.int().min(0) })

export const accountConfig = contextConfig.extend({
  encoding: accountEncoding.nullish(),
  dataSlice: dataSlice.nullish()
})
export type AccountConfig = z.output<typeof accountConfig>

export function encodeAccount(
  ledger: Ledger,
  account: LedgerAccount,
  config: AccountConfig | null | undefined
): object {
  return {
    lamports: account.lamports,
    owner: account.owner,
    executable: account.executable,
    rentEpoch: RENT_EXEMPT_EPOCH,
    space: account.data.length,
    data: encodeData(ledger, account, config?.encoding ?? 'binary', config?.dataSlice)
  }
}

/**
 * Refuse what base58 is too slow for, as Agave does when it is asked; in a notification, where nobody can be refused, it writes
 * {@link TOO_LONG} instead.
 * @throws RpcError `invalidParams`
 */
export function requireEncodable(
  { data }: LedgerAccount,
  { encoding, dataSlice: slice }: { readonly [Key in keyof AccountConfig]?: AccountConfig[Key] }
): void {
  const length = slice ? Math.min(slice.length, Math.max(0, data.length - slice.offset)) : data.length
  if (length <= MAX_BASE58_BYTES || encoding === 'base64' || encoding === 'jsonParsed') return
  throw new RpcError(
    'invalidParams',
    `Encoded binary (base 58) data should be less than ${MAX_BASE58_BYTES} bytes, please use Base64 encoding.`
  )
}

function encodeData(
  ledger: Ledger,
  account: LedgerAccount,
  encoding: AccountEncoding,
  slice: z.output<typeof dataSlice> | null | undefined
): unknown {
  const data = slice ? account.data.subarray(slice.offset, slice.offset + slice.length) : account.data
  if (encoding === 'jsonParsed') return parsedAccountData(ledger, account) ?? [toBase64(data), 'base64']
  if (encoding === 'base64') return [toBase64(data), 'base64']
  const text = data.length > MAX_BASE58_BYTES ? TOO_LONG : encodeBase58(data)
  return encoding === 'binary' ? text : [text, 'base58']
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
