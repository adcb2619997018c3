import {
  AddressLookupTableAccount,
  Keypair,
  MessageV0,
  type PublicKey,
  Transaction,
  TransactionInstruction,
  VersionedTransaction
} from '@solana/web3.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase58, encodeBase58 } from '../../sdk/codec/index.ts'
import { CraftecError } from '../../sdk/errors/index.ts'
import { versionedFrom } from '../../test/kit/chain-wallet.ts'
import { decodeMessage, decodeTransaction, isWritable } from './wire-transaction.ts'

const payer = Keypair.generate()
const keys = Array.from({ length: 8 }, () => Keypair.generate().publicKey)
const blockhash = Keypair.generate().publicKey.toBase58()
const table = new AddressLookupTableAccount({
  key: Keypair.generate().publicKey,
  state: {
    deactivationSlot: 2n ** 64n - 1n,
    lastExtendedSlot: 0,
    lastExtendedSlotStartIndex: 0,
    addresses: keys.slice(4)
  }
})

const instruction = fc
  .record({
    program: fc.integer({ min: 0, max: 1 }),
    accounts: fc.array(fc.record({ at: fc.integer({ min: 2, max: 7 }), isWritable: fc.boolean() }), { maxLength: 4 }),
    data: fc.uint8Array({ maxLength: 150 })
  })
  .map(({ program, accounts, data }) => {
    const metas = accounts.map(({ at, isWritable }) => ({ pubkey: keyAt(at), isSigner: false, isWritable }))
    return new TransactionInstruction({ programId: keyAt(program), keys: metas, data: Buffer.from(data) })
  })
const instructions = fc.array(instruction, { minLength: 1, maxLength: 3 })

function keyAt(index: number): PublicKey {
  const key = keys[index]
  if (key === undefined) throw new Error('no such key')
  return key
}

function legacy(list: readonly TransactionInstruction[]): Uint8Array {
  const transaction = new Transaction({ feePayer: payer.publicKey, blockhash, lastValidBlockHeight: 0 }).add(...list)
  transaction.sign(payer)
  return Uint8Array.from(transaction.serialize())
}

describe('decodeTransaction', () => {
  it('reads legacy transactions as web3.js wrote them', () => {
    fc.assert(
      fc.property(instructions, list => {
        const bytes = legacy(list)
        const { message, signature, signatures } = decodeTransaction(bytes)
        const same = Transaction.from(bytes)
        const compiled = same.compileMessage()
        expect(signature).toBe(encodeBase58(same.signature ?? new Uint8Array()))
        expect(signatures).toHaveLength(1)
        expect(message.version).toBe('legacy')
        expect(message.staticKeys).toEqual(compiled.accountKeys.map(key => key.toBase58()))
        expect(message.blockhash).toBe(blockhash)
        expect(message.instructions.map(({ data }) => [...data])).toEqual(
          compiled.instructions.map(({ data }) => [...decodeBase58(data, 1000)])
        )
        for (const [index] of message.staticKeys.entries()) {
          expect(isWritable(message, index)).toBe(compiled.isAccountWritable(index))
        }
      }),
      { numRuns: 50 }
    )
  })

  it('reads version 0 transactions and the places they look up', () => {
    fc.assert(
      fc.property(instructions, list => {
        const transaction = versionedFrom(payer, list, blockhash, [table])
        const { message } = decodeTransaction(transaction.serialize())
        const { addressTableLookups, compiledInstructions, staticAccountKeys } = transaction.message
        expect(message.version).toBe(0)
        expect(message.staticKeys).toEqual(staticAccountKeys.map(key => key.toBase58()))
        expect(message.lookups.map(({ table, writable, readonly }) => [table, [...writable], [...readonly]])).toEqual(
          addressTableLookups.map(lookup => [
            lookup.accountKey.toBase58(),
            lookup.writableIndexes,
            lookup.readonlyIndexes
          ])
        )
        expect(message.instructions.map(({ accountIndexes }) => [...accountIndexes])).toEqual(
          compiledInstructions.map(({ accountKeyIndexes }) => accountKeyIndexes)
        )
        expect(decodeMessage(transaction.message.serialize())).toEqual(message)
      }),
      { numRuns: 50 }
    )
  })

  it('refuses any other bytes as malformed, and never throws anything else', () => {
    const valid = versionedFrom(
      payer,
      [new TransactionInstruction({ programId: keyAt(0), keys: [] })],
      blockhash
    ).serialize()
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(3), (at, flip, cut) => {
        const bytes = valid.slice(0, valid.length - cut)
        bytes[at] = (bytes[at] ?? 0) ^ flip
        try {
          decodeTransaction(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(CraftecError)
          expect(error).toMatchObject({ code: 'malformed' })
        }
      }),
      { numRuns: 300 }
    )
  })

  it('refuses trailing bytes, and more bytes than a packet has', () => {
    const bytes = legacy([new TransactionInstruction({ programId: keyAt(0), keys: [] })])
    expect(() => decodeTransaction(Uint8Array.of(...bytes, 0))).toThrow('trailing')
    expect(() => decodeTransaction(new Uint8Array(1233))).toThrow('at most 1232')
  })

  it('refuses a length that is not in its shortest form', () => {
    const bytes = legacy([new TransactionInstruction({ programId: keyAt(0), keys: [] })])
    expect(() => decodeTransaction(Uint8Array.of(0x81, 0x00, ...bytes.subarray(1)))).toThrow('shortest form')
  })

  it('refuses versions it does not know, indexes out of range, and a payer that is a program', () => {
    const message = (over: Partial<ConstructorParameters<typeof MessageV0>[0]>): Uint8Array =>
      new VersionedTransaction(
        new MessageV0({
          header: { numRequiredSignatures: 1, numReadonlySignedAccounts: 0, numReadonlyUnsignedAccounts: 1 },
          staticAccountKeys: [payer.publicKey, keyAt(0)],
          recentBlockhash: blockhash,
          compiledInstructions: [{ programIdIndex: 1, accountKeyIndexes: [0], data: new Uint8Array() }],
          addressTableLookups: [],
          ...over
        })
      ).serialize()
    expect(decodeTransaction(message({})).message.version).toBe(0)
    const versionOne = message({})
    versionOne[65] = 0x81
    expect(() => decodeTransaction(versionOne)).toThrow('version 1')
    for (const [programIdIndex, accountKeyIndexes, why] of [
      [1, [2], 'account index'],
      [2, [0], 'program index'],
      [0, [0], 'payer of the fee is called']
    ] as const) {
      const broken = message({
        compiledInstructions: [{ programIdIndex, accountKeyIndexes: [...accountKeyIndexes], data: new Uint8Array() }]
      })
      expect(() => decodeTransaction(broken)).toThrow(why)
    }
    expect(() => decodeTransaction(message({ staticAccountKeys: [payer.publicKey, payer.publicKey] }))).toThrow('twice')
  })
})
