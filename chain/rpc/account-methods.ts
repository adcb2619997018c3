import { z } from 'zod'
import { accountConfig, encodeAccount, requireEncodable } from './account-encoding.ts'
import { accountFilters, accountMatcher } from './account-filters.ts'
import { addressParam, contextConfig, requireContextSlot } from './params.ts'
import { RpcError } from './rpc-error.ts'
import { inContext, method, type RpcMethods } from './rpc-method.ts'

/** Agave's `MAX_MULTIPLE_ACCOUNTS`. */
const MAX_MULTIPLE_ACCOUNTS = 100
/** Of one answer; more is refused with advice, not cut. */
const MAX_PROGRAM_ACCOUNTS = 10_000
const MAX_PROGRAM_ACCOUNT_BYTES = 16 * 1024 * 1024
/** `MAX_PERMITTED_DATA_LENGTH` of an account. */
const MAX_ACCOUNT_BYTES = 10 * 1024 * 1024

const programConfig = accountConfig.extend({ filters: accountFilters.nullish(), withContext: z.boolean().nullish() })

export const accountMethods: RpcMethods = {
  getAccountInfo: method(z.tuple([addressParam, accountConfig.nullish()]), ([address, config], { ledger }) => {
    requireContextSlot(ledger, config)
    const account = ledger.account(address)
    if (account !== undefined) requireEncodable(account, config ?? {})
    return inContext(ledger, account ? encodeAccount(ledger, account, config) : null)
  }),

  getMultipleAccounts: method(
    z.tuple([z.array(addressParam).max(MAX_MULTIPLE_ACCOUNTS), accountConfig.nullish()]),
    ([addresses, config], { ledger }) => {
      requireContextSlot(ledger, config)
      // Without an encoding this method answers in base64, unlike its sibling: so does Agave.
      const encoded = { ...config, encoding: config?.encoding ?? ('base64' as const) }
      const accounts = addresses.map(address => ledger.account(address))
      for (const account of accounts) if (account !== undefined) requireEncodable(account, encoded)
      return inContext(
        ledger,
        accounts.map(account => (account ? encodeAccount(ledger, account, encoded) : null))
      )
    }
  ),

  getProgramAccounts: method(z.tuple([addressParam, programConfig.nullish()]), ([program, config], { ledger }) => {
    requireContextSlot(ledger, config)
    const matches = accountMatcher(config?.filters)
    const found = ledger.programAccounts(program).filter(matches)
    const bytesEach = config?.dataSlice?.length ?? Number.POSITIVE_INFINITY
    const bytes = found.reduce((sum, { data }) => sum + Math.min(data.length, bytesEach), 0)
    if (found.length > MAX_PROGRAM_ACCOUNTS || bytes > MAX_PROGRAM_ACCOUNT_BYTES) {
      throw new RpcError(
        'limitExceeded',
        `${found.length} accounts with ${bytes} bytes are too much for one answer: add filters or a dataSlice`
      )
    }
    for (const account of found) requireEncodable(account, config ?? {})
    const keyed = found.map(account => ({
      pubkey: account.address,
      account: encodeAccount(ledger, account, config)
    }))
    return config?.withContext ? inContext(ledger, keyed) : keyed
  }),

  getBalance: method(z.tuple([addressParam, contextConfig.nullish()]), ([address, config], { ledger }) => {
    requireContextSlot(ledger, config)
    return inContext(ledger, ledger.account(address)?.lamports ?? 0n)
  }),

  getMinimumBalanceForRentExemption: method(
    z.tuple([z.int().min(0).max(MAX_ACCOUNT_BYTES), contextConfig.nullish()]),
    ([bytes], { ledger }) => ledger.rentExemption(bytes)
  )
}
