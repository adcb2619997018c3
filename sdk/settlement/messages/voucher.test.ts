import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressFromBytes } from '../address/index.ts'
import { decodeDistributionMessage, encodeDistributionMessage } from '../operator/index.ts'
import {
  checkVoucher,
  decodeSignedVoucher,
  decodeVoucher,
  encodeSignedVoucher,
  encodeVoucher,
  VOUCHER_BYTES,
  type Voucher,
  type VoucherRules
} from './voucher.ts'

const address = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(addressFromBytes)
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const voucher = fc.record({ program: address, channel: address, openedSlot: u64, seq: u64, amount: u64 })
const malformed = expect.objectContaining({ code: 'malformed' })

describe('a voucher', () => {
  it('is 104 bytes that are read back, alone and signed', () => {
    fc.assert(
      fc.property(voucher, fc.uint8Array({ minLength: 64, maxLength: 64 }), (given, signature) => {
        const bytes = encodeVoucher(given)
        expect(bytes).toHaveLength(VOUCHER_BYTES)
        expect(decodeVoucher(bytes)).toEqual(given)
        const signed = encodeSignedVoucher({ voucher: given, signature })
        expect(signed).toHaveLength(168)
        expect(decodeSignedVoucher(signed)).toEqual({ voucher: given, signature })
      })
    )
  })

  it('has its fields where the program looks for them', () => {
    const bytes = encodeVoucher({
      program: addressFromBytes(new Uint8Array(32).fill(1)),
      channel: addressFromBytes(new Uint8Array(32).fill(2)),
      openedSlot: 3n,
      seq: 4n,
      amount: 0x0102n
    })
    const view = new DataView(bytes.buffer)
    expect(new TextDecoder().decode(bytes.subarray(0, 16))).toBe('craftec/voucher1')
    expect([bytes[16], bytes[47], bytes[48], bytes[79]]).toEqual([1, 1, 2, 2])
    expect([80, 88, 96].map(at => view.getBigUint64(at, true))).toEqual([3n, 4n, 0x0102n])
  })

  it('is refused when it is cut, longer, or begins otherwise', () => {
    const [given] = fc.sample(voucher, 1)
    if (given === undefined) throw new Error('no sample')
    const bytes = encodeVoucher(given)
    for (const broken of [
      bytes.subarray(1),
      Uint8Array.of(...bytes, 0),
      bytes.map((byte, at) => (at === 15 ? byte ^ 1 : byte))
    ]) {
      expect(() => decodeVoucher(broken)).toThrow(malformed)
    }
  })
})

describe('checkVoucher', () => {
  const [base] = fc.sample(voucher, 1)
  if (base === undefined) throw new Error('no sample')
  const good: Voucher = { ...base, openedSlot: 7n, seq: 5n, amount: 50n }
  const { program, channel, openedSlot } = good
  const rules: VoucherRules = { program, channel, openedSlot, deposited: 100n, lastSeq: 4n, lastAmount: 40n }

  it('accepts a newer one for this opening, up to what is locked', () => {
    for (const amount of [40n, 50n, 100n]) expect(() => checkVoucher({ ...good, amount }, rules)).not.toThrow()
  })

  it.each([
    ['another program', { program: addressFromBytes(new Uint8Array(32)) }],
    ['another channel', { channel: addressFromBytes(new Uint8Array(32)) }],
    ['an earlier opening', { openedSlot: 6n }],
    ['the same sequence', { seq: 4n }],
    ['less than the last', { amount: 39n }],
    ['more than is locked', { amount: 101n }]
  ])('refuses one of %s', (_, changes) => {
    expect(() => checkVoucher({ ...good, ...changes }, rules)).toThrow(
      expect.objectContaining({ code: 'protocol-violation' })
    )
  })
})

describe('a distribution message', () => {
  it('is 152 bytes with the fields where the program looks for them', () => {
    const key = (byte: number) => addressFromBytes(new Uint8Array(32).fill(byte))
    const message = {
      program: key(1),
      pool: key(2),
      openedSlot: 3n,
      epoch: 4n,
      amount: 5n,
      totalWeight: 6n,
      root: new Uint8Array(32).fill(7),
      entries: 8,
      mode: 1
    }
    const bytes = encodeDistributionMessage(message)
    expect(bytes).toHaveLength(152)
    const view = new DataView(bytes.buffer)
    expect(new TextDecoder().decode(bytes.subarray(0, 16))).toBe('craftec/payouts1')
    expect([80, 88, 96, 104].map(at => view.getBigUint64(at, true))).toEqual([3n, 4n, 5n, 6n])
    expect([bytes[112], bytes[143], view.getUint32(144, true), bytes[148]]).toEqual([7, 7, 8, 1])
    expect(decodeDistributionMessage(bytes)).toEqual(message)
    expect(() => decodeDistributionMessage(bytes.map((byte, at) => (at === 151 ? 1 : byte)))).toThrow(malformed)
  })
})
