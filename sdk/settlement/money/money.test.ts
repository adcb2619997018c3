import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SYSTEM_PROGRAM, TOKEN_PROGRAM } from '../address/index.ts'
import {
  addMoney,
  compareMoney,
  feeOf,
  formatMoney,
  money,
  parseMoney,
  shareOf,
  subtractMoney,
  type Token
} from './money.ts'

const MAX = 2n ** 64n - 1n
const usdc: Token = { mint: TOKEN_PROGRAM, decimals: 6, symbol: 'USDC' }
const units = fc.bigInt({ min: 0n, max: MAX })
const refused = expect.objectContaining({ code: 'invalid-argument' })

describe('money', () => {
  it('is read back from what people see, to the last unit, for any decimals', () => {
    fc.assert(
      fc.property(units, fc.integer({ min: 0, max: 19 }), (amount, decimals) => {
        const token = { mint: TOKEN_PROGRAM, decimals, symbol: '' }
        expect(parseMoney(formatMoney(money(amount, token)), token)).toEqual(money(amount, token))
      })
    )
  })

  it('is shown as people write it', () => {
    const shown = (amount: bigint): string => formatMoney(money(amount, usdc))
    expect([0n, 1n, 1_000_000n, 12_500_000n, MAX].map(shown)).toEqual([
      '0 USDC',
      '0.000001 USDC',
      '1 USDC',
      '12.5 USDC',
      '18446744073709.551615 USDC'
    ])
  })

  it.each([
    '',
    '.5',
    '5.',
    '1,5',
    '1 000',
    '-1',
    '+1',
    '1e3',
    '0x10',
    '1.0000001',
    '١',
    '18446744073709.551616',
    '1.5.0',
    ' 1'
  ])('is not read from %j: nothing is rounded or guessed', text => {
    expect(() => parseMoney(text, usdc)).toThrow(refused)
  })

  it('adds and takes away exactly, and never below zero or beyond u64', () => {
    fc.assert(
      fc.property(units, units, (left, right) => {
        const [a, b] = [money(left, usdc), money(right, usdc)]
        if (left + right > MAX) expect(() => addMoney(a, b)).toThrow(refused)
        else expect(subtractMoney(addMoney(a, b), b)).toEqual(a)
        if (left < right) expect(() => subtractMoney(a, b)).toThrow(refused)
        expect(Math.sign(compareMoney(a, b))).toBe(left < right ? -1 : left > right ? 1 : 0)
      })
    )
  })

  it('of two tokens is never mixed', () => {
    const others = [
      { ...usdc, mint: SYSTEM_PROGRAM },
      { ...usdc, decimals: 5 }
    ]
    for (const other of others) {
      for (const mix of [addMoney, subtractMoney, compareMoney]) {
        expect(() => mix(money(1n, usdc), money(1n, other))).toThrow(refused)
      }
    }
  })

  it('is no float and no fraction', () => {
    for (const amount of [1 as never, 1.5 as never, -1n, MAX + 1n]) expect(() => money(amount, usdc)).toThrow(refused)
    for (const decimals of [-1, 0.5, 20]) expect(() => money(1n, { ...usdc, decimals })).toThrow(refused)
  })

  it('loses nothing to fees and shares: what is rounded off stays where it was', () => {
    const entry = fc.bigInt({ min: 0n, max: 2n ** 32n })
    fc.assert(
      fc.property(units, fc.array(entry, { minLength: 1, maxLength: 20 }), fc.nat(5000), (amount, weights, bps) => {
        const whole = money(amount, usdc)
        const total = weights.reduce((sum, weight) => sum + weight, 0n)
        const shares = weights.map(weight => shareOf(whole, weight, total))
        const paid = shares.reduce((sum, share) => sum + share.units, 0n)
        expect(paid <= amount).toBe(true)
        if (total > 0n) expect(amount - paid < BigInt(weights.length)).toBe(true)
        for (const share of shares) {
          const fee = feeOf(share, bps)
          expect(fee.units * 10_000n <= share.units * BigInt(bps)).toBe(true)
          expect(subtractMoney(share, fee).units + fee.units).toBe(share.units)
        }
      })
    )
    for (const bps of [-1, 0.5, 10_001]) expect(() => feeOf(money(1n, usdc), bps)).toThrow(refused)
  })
})
