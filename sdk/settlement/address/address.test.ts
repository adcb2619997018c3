import { PublicKey } from '@solana/web3.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import craftnet from '../../../test/vectors/settlement_craftnet.json' with { type: 'json' }
import { decodeHex } from '../../codec/index.ts'
import { addressFromBytes, parseAddress } from './address.ts'
import { isOnCurve } from './edwards-curve.ts'
import { associatedTokenAddress, findProgramAddress } from './program-address.ts'

const P = 2n ** 255n - 19n

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn))
}

describe('addresses', () => {
  it('are 32 bytes in base58 and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), bytes => {
        expect(addressFromBytes(bytes)).toBe(new PublicKey(bytes).toBase58())
      })
    )
    for (const text of ['', 'abc', '0'.repeat(44), '1'.repeat(31), '1'.repeat(33), 'z'.repeat(45)]) {
      expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    }
  })
})

describe('isOnCurve', () => {
  it('judges as web3.js does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), bytes => {
        expect(isOnCurve(bytes)).toBe(PublicKey.isOnCurve(bytes))
      }),
      { numRuns: 200 }
    )
  })

  it('takes y modulo p and any sign, as the runtime does, where web3.js insists on the canonical form', () => {
    const edges = [0n, 1n, 2n, 18n, P - 1n, P, P + 1n, P + 2n, 2n ** 255n - 1n].flatMap(y => [y, y + 2n ** 255n])
    const canonical = (edge: bigint): Uint8Array => littleEndian((edge % 2n ** 255n) % P)
    const expected = edges.map(edge => PublicKey.isOnCurve(canonical(edge)))
    expect(new Set(expected).size).toBe(2)
    expect(edges.map(edge => isOnCurve(littleEndian(edge)))).toEqual(expected)
  })
})

describe('findProgramAddress', () => {
  it('finds what web3.js finds', () => {
    const program = new PublicKey(craftnet.program_id)
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 32 }), { maxLength: 5 }), seeds => {
        const [address, bump] = PublicKey.findProgramAddressSync(seeds, program)
        expect(findProgramAddress(parseAddress(craftnet.program_id), seeds)).toEqual({
          address: address.toBase58(),
          bump
        })
      }),
      { numRuns: 40 }
    )
  })

  it('finds the addresses of the reference', () => {
    const text = (name: string): Uint8Array => new TextEncoder().encode(name)
    const find = (...seeds: Uint8Array[]) => findProgramAddress(parseAddress(craftnet.program_id), seeds)
    expect(find(text('config'))).toEqual(craftnet.pdas.config)
    expect(find(text('plan'), Uint8Array.of(0), Uint8Array.of(1))).toEqual(craftnet.pdas['plan(0,1)'])
    expect(find(text('plan'), Uint8Array.of(1), Uint8Array.of(0))).toEqual(craftnet.pdas['plan(1,0)'])
    expect(find(text('pool'), decodeHex(craftnet.pool_pubkey))).toEqual(craftnet.pdas['pool(pool_pubkey)'])
    expect(find(text('cpi_authority'))).toEqual(craftnet.pdas.cpi_authority)
    const accounts = craftnet.instructions.flatMap(({ transaction }) => transaction.flatMap(({ accounts }) => accounts))
    const payer = associatedTokenAddress(parseAddress(craftnet.admin), parseAddress(craftnet.usdc_mint))
    expect(accounts.map(({ pubkey }) => pubkey)).toContain(payer)
  })

  it('refuses seeds that the runtime refuses', () => {
    const program = parseAddress(craftnet.program_id)
    for (const seeds of [[new Uint8Array(33)], Array.from({ length: 16 }, () => new Uint8Array())]) {
      expect(() => findProgramAddress(program, seeds)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    }
  })
})
