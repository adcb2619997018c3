/** Filters of `getProgramAccounts` and `programSubscribe` (Solana RPC documentation, "Filter criteria"). */
import { z } from 'zod'
import { decodeBase58 } from '../../sdk/codec/index.ts'
import { type LedgerAccount, readTokenAccount } from '../ledger/index.ts'
import type { AccountMatcher } from './rpc-method.ts'

const MAX_FILTERS = 4
/** Agave's `MAX_DATA_SIZE` of a memcmp filter, and its lengths in the two encodings. */
const MAX_MEMCMP_BYTES = 128
const MAX_BASE58_CHARACTERS = 175
const MAX_BASE64_CHARACTERS = 172

const memcmp = z
  .object({
    offset: z.int().min(0),
    bytes: z.string().max(MAX_BASE58_CHARACTERS),
    encoding: z.enum(['base58', 'base64']).nullish()
  })
  .transform(({ offset, bytes, encoding }, context) => {
    const decoded = encoding === 'base64' ? strictBase64(bytes) : base58(bytes)
    if (decoded !== undefined && decoded.length <= MAX_MEMCMP_BYTES) return { offset, bytes: decoded }
    context.addIssue({
      code: 'custom',
      message: `expected at most ${MAX_MEMCMP_BYTES} bytes in ${encoding ?? 'base58'}`
    })
    return z.NEVER
  })

export const accountFilters = z
  .array(
    z.union([
      z.object({ memcmp }),
      z.object({ dataSize: z.int().min(0) }),
      z.literal('tokenAccountState').transform(() => ({ tokenAccountState: true as const }))
    ])
  )
  .max(MAX_FILTERS)

/** An account passes when it passes every filter. */
export function accountMatcher(filters: z.output<typeof accountFilters> | null | undefined): AccountMatcher {
  return account => (filters ?? []).every(filter => passes(account, filter))
}

function passes(account: LedgerAccount, filter: z.output<typeof accountFilters>[number]): boolean {
  if ('dataSize' in filter) return account.data.length === filter.dataSize
  if ('tokenAccountState' in filter) return readTokenAccount(account) !== undefined
  const { offset, bytes } = filter.memcmp
  return bytes.every((byte, index) => account.data[offset + index] === byte)
}

function base58(text: string): Uint8Array | undefined {
  try {
    return decodeBase58(text, MAX_BASE58_CHARACTERS)
  } catch {
    return undefined
  }
}

/** Undefined unless `text` is canonical base64: Node's decoder skips what it does not know. */
export function strictBase64(text: string, maxCharacters = MAX_BASE64_CHARACTERS): Uint8Array | undefined {
  if (text.length > maxCharacters) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? new Uint8Array(bytes) : undefined
}
