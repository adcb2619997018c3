/** The `jsonParsed` form of accounts of the token programs (`account-decoder/src/parse_token.rs` in Agave). */
import {
  type Ledger,
  type LedgerAccount,
  readTokenAccount,
  readTokenMint,
  TOKEN_PROGRAM,
  type TokenAccount,
  type TokenMint
} from '../ledger/index.ts'

/** Undefined when the program is not one that is parsed here: the answer is then in base64, as Agave does. */
export function parsedAccountData(ledger: Ledger, account: LedgerAccount): object | undefined {
  const parsed = parsedToken(ledger, account)
  if (parsed === undefined) return undefined
  const program = account.owner === TOKEN_PROGRAM ? 'spl-token' : 'spl-token-2022'
  return { program, space: account.data.length, parsed }
}

function parsedToken(ledger: Ledger, account: LedgerAccount): object | undefined {
  const mint = readTokenMint(account)
  if (mint !== undefined) return { type: 'mint', info: mintInfo(mint) }
  const token = readTokenAccount(account)
  const decimals = token && mintDecimals(ledger, token)
  return token === undefined || decimals === undefined
    ? undefined
    : { type: 'account', info: tokenAccountInfo(token, decimals) }
}

export function mintDecimals(ledger: Ledger, { mint }: TokenAccount): number | undefined {
  const account = ledger.account(mint)
  return account && readTokenMint(account)?.decimals
}

function mintInfo({ mintAuthority, supply, decimals, isInitialized, freezeAuthority }: TokenMint): object {
  return {
    mintAuthority: mintAuthority ?? null,
    supply: supply.toString(),
    decimals,
    isInitialized,
    freezeAuthority: freezeAuthority ?? null
  }
}

function tokenAccountInfo(token: TokenAccount, decimals: number): object {
  const { mint, owner, amount, delegate, state, nativeReserve, delegatedAmount, closeAuthority } = token
  return {
    mint,
    owner,
    tokenAmount: tokenAmount(amount, decimals),
    state,
    isNative: nativeReserve !== undefined,
    ...(nativeReserve === undefined ? {} : { rentExemptReserve: tokenAmount(nativeReserve, decimals) }),
    ...(delegate === undefined ? {} : { delegate, delegatedAmount: tokenAmount(delegatedAmount, decimals) }),
    ...(closeAuthority === undefined ? {} : { closeAuthority })
  }
}

/** `UiTokenAmount`: exact in `amount` and `uiAmountString`; `uiAmount` is what the protocol says, a float. */
export function tokenAmount(amount: bigint, decimals: number): object {
  const digits = amount.toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  const uiAmountString = fraction === '' ? whole : `${whole}.${fraction}`
  return { amount: amount.toString(), decimals, uiAmount: Number(uiAmountString), uiAmountString }
}
