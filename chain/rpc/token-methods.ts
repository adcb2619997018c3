import { z } from 'zod'
import {
  isTokenProgram,
  type Ledger,
  type LedgerAccount,
  readTokenAccount,
  readTokenMint,
  TOKEN_2022_PROGRAM,
  TOKEN_PROGRAM,
  type TokenAccount
} from '../ledger/index.ts'
import { accountConfig, encodeAccount, requireEncodable } from './account-encoding.ts'
import { addressParam, contextConfig } from './params.ts'
import { mintDecimals, tokenAmount } from './parsed-account.ts'
import { RpcError } from './rpc-error.ts'
import { inContext, method, type RpcMethods } from './rpc-method.ts'

const MAX_TOKEN_ACCOUNTS = 10_000
const MAX_LARGEST = 20

const mintOrProgram = z.union([z.object({ mint: addressParam }), z.object({ programId: addressParam })])
const TOKEN_PROGRAMS = [TOKEN_PROGRAM, TOKEN_2022_PROGRAM]

export const tokenMethods: RpcMethods = {
  getTokenAccountBalance: method(z.tuple([addressParam, contextConfig.nullish()]), ([address], { ledger }) => {
    const account = ledger.account(address)
    if (account === undefined) throw new RpcError('invalidParams', 'Invalid param: could not find account')
    const token = readTokenAccount(account)
    const decimals = token && mintDecimals(ledger, token)
    if (token === undefined || decimals === undefined) {
      throw new RpcError('invalidParams', 'Invalid param: not a Token account')
    }
    return inContext(ledger, tokenAmount(token.amount, decimals))
  }),

  getTokenSupply: method(z.tuple([addressParam, contextConfig.nullish()]), ([address], { ledger }) => {
    const account = ledger.account(address)
    if (account === undefined) throw new RpcError('invalidParams', 'Invalid param: could not find account')
    const mint = readTokenMint(account)
    if (mint === undefined) throw new RpcError('invalidParams', 'Invalid param: not a Token mint')
    return inContext(ledger, tokenAmount(mint.supply, mint.decimals))
  }),

  getTokenLargestAccounts: method(z.tuple([addressParam, contextConfig.nullish()]), ([mint], { ledger }) => {
    const accounts = tokenAccounts(ledger, TOKEN_PROGRAMS, token => token.mint === mint)
    const largest = accounts.sort((left, right) => Number(right.token.amount - left.token.amount)).slice(0, MAX_LARGEST)
    const value = largest.map(({ account, token }) => ({
      address: account.address,
      ...tokenAmount(token.amount, mintDecimals(ledger, token) ?? 0)
    }))
    return inContext(ledger, value)
  }),

  getTokenAccountsByOwner: method(
    z.tuple([addressParam, mintOrProgram, accountConfig.nullish()]),
    ([owner, wanted, config], { ledger }) => {
      const accounts = tokenAccounts(ledger, programsOf(ledger, wanted), token => {
        return token.owner === owner && (!('mint' in wanted) || token.mint === wanted.mint)
      })
      return inContext(ledger, keyed(ledger, accounts, config))
    }
  ),

  getTokenAccountsByDelegate: method(
    z.tuple([addressParam, mintOrProgram, accountConfig.nullish()]),
    ([delegate, wanted, config], { ledger }) => {
      const accounts = tokenAccounts(ledger, programsOf(ledger, wanted), token => {
        return token.delegate === delegate && (!('mint' in wanted) || token.mint === wanted.mint)
      })
      return inContext(ledger, keyed(ledger, accounts, config))
    }
  )
}

interface Found {
  readonly account: LedgerAccount
  readonly token: TokenAccount
}

/** @throws RpcError `limitExceeded` */
function tokenAccounts(
  ledger: Ledger,
  programs: readonly LedgerAccount['owner'][],
  matches: (token: TokenAccount) => boolean
): Found[] {
  const found = programs.flatMap(program =>
    ledger.programAccounts(program).flatMap(account => {
      const token = readTokenAccount(account)
      return token !== undefined && matches(token) ? { account, token } : []
    })
  )
  if (found.length > MAX_TOKEN_ACCOUNTS) {
    throw new RpcError('limitExceeded', `${found.length} token accounts are too many for one answer`)
  }
  return found
}

/** @throws RpcError `invalidParams` */
function programsOf(ledger: Ledger, wanted: z.output<typeof mintOrProgram>): LedgerAccount['owner'][] {
  if ('programId' in wanted) {
    if (!isTokenProgram(wanted.programId)) {
      throw new RpcError('invalidParams', 'Invalid param: unrecognized Token program id')
    }
    return [wanted.programId]
  }
  const mint = ledger.account(wanted.mint)
  if (mint === undefined || readTokenMint(mint) === undefined) {
    throw new RpcError('invalidParams', 'Invalid param: could not find mint')
  }
  return [mint.owner]
}

function keyed(ledger: Ledger, found: readonly Found[], config: z.output<typeof accountConfig> | null | undefined) {
  for (const { account } of found) requireEncodable(account, config ?? {})
  return found.map(({ account }) => ({ pubkey: account.address, account: encodeAccount(ledger, account, config) }))
}
