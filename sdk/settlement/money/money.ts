/** Amounts of a token: always whole base units in a `bigint`, always with the token they are of. No float comes near them. */
import { CraftecError } from '../../errors/index.ts'
import type { Address } from '../address/index.ts'

/** What an amount is counted in. */
export interface Token {
  readonly mint: Address
  /** Digits after the point when people read it: 6 for USDC. */
  readonly decimals: number
  /** For people; empty when it has none. */
  readonly symbol: string
}

export interface Money {
  /** Base units, 0 to 2^64 - 1: what the chain can hold. */
  readonly units: bigint
  readonly token: Token
}

const MAX_UNITS = 2n ** 64n - 1n
const BPS = 10_000n
/** u8 on the chain, but no mint has more in earnest, and 2^64 has twenty digits. */
const MAX_DECIMALS = 19

/** @throws CraftecError `invalid-argument` unless `units` fit in u64 */
export function money(units: bigint, token: Token): Money {
  if (typeof units !== 'bigint' || units < 0n || units > MAX_UNITS) {
    throw new CraftecError('invalid-argument', `an amount is a bigint from 0 to ${MAX_UNITS}, got ${units}`)
  }
  if (!Number.isInteger(token.decimals) || token.decimals < 0 || token.decimals > MAX_DECIMALS) {
    throw new CraftecError('invalid-argument', `a token has 0 to ${MAX_DECIMALS} decimals, got ${token.decimals}`)
  }
  return { units, token }
}

/** @throws CraftecError `invalid-argument` for amounts of two tokens, or a sum over u64 */
export function addMoney(left: Money, right: Money): Money {
  requireSameToken(left, right)
  return money(left.units + right.units, left.token)
}

/** @throws CraftecError `invalid-argument` for amounts of two tokens, or when there is not enough */
export function subtractMoney(from: Money, amount: Money): Money {
  requireSameToken(from, amount)
  return money(from.units - amount.units, from.token)
}

/** @returns negative, 0 or positive, as sorting wants it @throws CraftecError `invalid-argument` for amounts of two tokens */
export function compareMoney(left: Money, right: Money): number {
  requireSameToken(left, right)
  return left.units < right.units ? -1 : left.units > right.units ? 1 : 0
}

/**
 * Read what a person typed: digits, and after one point no more of them than the token has.
 * @example
 * import { formatMoney, parseAddress, parseMoney } from '@craftec/web/settlement'
 * const mint = parseAddress('EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v')
 * const price = parseMoney('12.50', { mint, decimals: 6, symbol: 'USDC' })
 * console.log(price.units === 12_500_000n, formatMoney(price)) // true '12.5 USDC'
 * @throws CraftecError `invalid-argument` for anything else: commas, signs, exponents, spaces; nothing is rounded
 */
export function parseMoney(text: string, token: Token): Money {
  const [, whole, fraction = ''] = /^(\d{1,20})(?:\.(\d{1,19}))?$/.exec(text) ?? []
  if (whole === undefined || fraction.length > token.decimals) {
    throw new CraftecError(
      'invalid-argument',
      `expected an amount with at most ${token.decimals} digits after the point, such as ${formatUnits(12n, token)}`
    )
  }
  return money(BigInt(whole + fraction.padEnd(token.decimals, '0')), token)
}

/** Exact, without trailing zeros, with the symbol if the token has one: `12.5 USDC`. {@link parseMoney} reads it without the symbol. */
export function formatMoney({ units, token }: Money): string {
  return `${formatUnits(units, token)} ${token.symbol}`.trimEnd()
}

/** A fee as the program takes it: rounded down. @param bps basis points, 0 to 10,000 @throws CraftecError `invalid-argument` */
export function feeOf({ units, token }: Money, bps: number): Money {
  if (!Number.isInteger(bps) || bps < 0 || bps > Number(BPS)) {
    throw new CraftecError('invalid-argument', `basis points from 0 to ${BPS}, got ${bps}`)
  }
  return money((units * BigInt(bps)) / BPS, token)
}

/** A share as the program pays it: `weight` of `totalWeight`, rounded down; nothing of nothing. */
export function shareOf({ units, token }: Money, weight: bigint, totalWeight: bigint): Money {
  return money(totalWeight === 0n ? 0n : (units * weight) / totalWeight, token)
}

function formatUnits(units: bigint, { decimals }: Token): string {
  const digits = units.toString().padStart(decimals + 1, '0')
  const point = digits.length - decimals
  const fraction = digits.slice(point).replace(/0+$/, '')
  return fraction === '' ? digits.slice(0, point) : `${digits.slice(0, point)}.${fraction}`
}

function requireSameToken(left: Money, right: Money): void {
  if (left.token.mint === right.token.mint && left.token.decimals === right.token.decimals) return
  throw new CraftecError('invalid-argument', 'amounts of two tokens cannot be compared or added')
}
