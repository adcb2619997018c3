import { PublicKey, TransactionInstruction, TransactionMessage, VersionedTransaction } from '@solana/web3.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBase58 } from '../../codec/index.ts'
import { type Address, addressFromBytes } from '../address/index.ts'
import type { Instruction } from '../instructions/index.ts'
import { compileTransaction } from './compile-transaction.ts'

const BLOCKHASH = encodeBase58(new Uint8Array(32).fill(7))
/** Few enough that accounts come more than once, with different rights. */
const address = fc.integer({ min: 1, max: 9 }).map(byte => addressFromBytes(new Uint8Array(32).fill(byte)))
const account = fc.record({ address, signer: fc.boolean(), writable: fc.boolean() })
const instruction: fc.Arbitrary<Instruction> = fc.record({
  program: address,
  accounts: fc.array(account, { maxLength: 12 }),
  data: fc.uint8Array({ maxLength: 200 })
})

function byWeb3(feePayer: Address, instructions: readonly Instruction[]): Uint8Array {
  const message = new TransactionMessage({
    payerKey: new PublicKey(feePayer),
    recentBlockhash: BLOCKHASH,
    instructions: instructions.map(
      ({ program, accounts, data }) =>
        new TransactionInstruction({
          programId: new PublicKey(program),
          keys: accounts.map(({ address, signer, writable }) => ({
            pubkey: new PublicKey(address),
            isSigner: signer,
            isWritable: writable
          })),
          data: Buffer.from(data)
        })
    )
  })
  return new VersionedTransaction(message.compileToV0Message()).serialize()
}

describe('compileTransaction', () => {
  it('makes the bytes that web3.js makes', () => {
    fc.assert(
      fc.property(address, fc.array(instruction, { minLength: 1, maxLength: 4 }), (feePayer, instructions) => {
        const draft = { feePayer, blockhash: BLOCKHASH, instructions }
        let expected: Uint8Array
        try {
          expected = byWeb3(feePayer, instructions)
        } catch (error) {
          if (!(error instanceof RangeError)) throw error
          expect(() => compileTransaction(draft)).toThrow(/bytes; at most 1232 fit/)
          return
        }
        expect(compileTransaction(draft)).toEqual(new Uint8Array(expected))
      }),
      { numRuns: 300 }
    )
  })

  it('fills a packet, and no more', () => {
    const feePayer = addressFromBytes(new Uint8Array(32).fill(1))
    const program = addressFromBytes(new Uint8Array(32).fill(2))
    const withData = (length: number): Uint8Array =>
      compileTransaction({
        feePayer,
        blockhash: BLOCKHASH,
        instructions: [{ program, accounts: [], data: new Uint8Array(length) }]
      })
    const empty = withData(0).length
    // a length over 127 takes one byte more
    const most = 1_232 - empty - 1
    expect(withData(most).length).toBe(1_232)
    expect(() => withData(most + 1)).toThrow(expect.objectContaining({ code: 'limit-exceeded' }))
  })

  it('refuses more accounts than one byte can name', () => {
    const feePayer = addressFromBytes(new Uint8Array(32).fill(1))
    const accounts = Array.from({ length: 300 }, (_, index) => ({
      address: addressFromBytes(
        new Uint8Array(32)
          .fill(3)
          .with(0, index & 255)
          .with(1, index >> 8)
      ),
      signer: false,
      writable: true
    }))
    const instructions = [{ program: feePayer, accounts, data: new Uint8Array() }]
    expect(() => compileTransaction({ feePayer, blockhash: BLOCKHASH, instructions })).toThrow(
      expect.objectContaining({ code: 'limit-exceeded' })
    )
  })
})
