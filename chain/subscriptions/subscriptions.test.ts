import type { Address } from '@solana/kit'
import { Keypair, SystemProgram } from '@solana/web3.js'
import { describe, expect, it } from 'vitest'
import { transferFrom } from '../../test/kit/chain-wallet.ts'
import { decodeTransaction, Ledger } from '../ledger/index.ts'
import { Subscriptions } from './subscriptions.ts'

const SYSTEM = SystemProgram.programId.toBase58() as Address
const payer = Keypair.generate()

function addressOf(key: Keypair): Address {
  return key.publicKey.toBase58() as Address
}

function setUp(max = 10) {
  const ledger = Ledger.create({ historyCapacity: 10 }, 1n)
  fund(ledger, addressOf(payer), 10_000_000_000n)
  const heard: { method: string; params: { subscription: number; result: unknown } }[] = []
  let last = 0
  const subscriptions = new Subscriptions({
    ledger,
    max,
    send: text => heard.push(JSON.parse(text)),
    nextId: () => {
      last += 1
      return last
    }
  })
  return { ledger, subscriptions, heard }
}

function fund(ledger: Ledger, address: Address, lamports: bigint): void {
  ledger.setAccount({ address, lamports, owner: SYSTEM, executable: false, data: new Uint8Array() })
}

function transfer(ledger: Ledger, to: Keypair, lamports = 1_000_000): string {
  const transaction = decodeTransaction(transferFrom(payer, to.publicKey, lamports, ledger.latestBlock.blockhash))
  ledger.send(transaction)
  return transaction.signature
}

const encode = ({ lamports }: { lamports: bigint }) => ({ lamports: Number(lamports) })

describe('subscriptions', () => {
  it('tell of an account when it changes, and of its end', () => {
    const { ledger, subscriptions, heard } = setUp()
    const to = Keypair.generate()
    subscriptions.add({ kind: 'account', address: addressOf(to), encode })
    transfer(ledger, to)
    transfer(ledger, Keypair.generate())
    fund(ledger, addressOf(to), 0n)
    expect(heard.map(({ method, params }) => [method, (params.result as { value: unknown }).value])).toEqual([
      ['accountNotification', { lamports: 1_000_000 }],
      ['accountNotification', { lamports: 0 }]
    ])
  })

  it('tell of a transaction once, whether it was asked for before or after', async () => {
    const { ledger, subscriptions, heard } = setUp()
    const to = Keypair.generate()
    const transaction = decodeTransaction(transferFrom(payer, to.publicKey, 1_000_000, ledger.latestBlock.blockhash))
    subscriptions.add({ kind: 'signature', signature: transaction.signature })
    ledger.send(transaction)
    expect(heard).toHaveLength(1)
    const late = subscriptions.add({ kind: 'signature', signature: transaction.signature })
    // Whoever is answered with an id must know it before it is used.
    expect(heard).toHaveLength(1)
    await expect.poll(() => heard.length).toBe(2)
    expect(heard[1]).toMatchObject({ method: 'signatureNotification', params: { subscription: late } })
    expect(subscriptions.size).toBe(0)
    expect(subscriptions.remove(late)).toBe(false)
  })

  it('tell of logs that mention an account, of failures too, and of no others', () => {
    const { ledger, subscriptions, heard } = setUp()
    const [mentioned, other] = [Keypair.generate(), Keypair.generate()]
    subscriptions.add({ kind: 'logs', mentions: addressOf(mentioned) })
    const failed = transfer(ledger, mentioned, 100_000_000_000)
    transfer(ledger, other)
    expect(heard.map(({ params }) => (params.result as { value: unknown }).value)).toEqual([
      { signature: failed, err: { InstructionError: [0, { Custom: 1 }] }, logs: expect.any(Array) }
    ])
  })

  it('tell of accounts of a program that match, and of every block', () => {
    const { ledger, subscriptions, heard } = setUp()
    const rich = ({ lamports }: { lamports: bigint }): boolean => lamports > 2_000_000n
    subscriptions.add({ kind: 'program', program: SYSTEM, encode, matches: rich })
    subscriptions.add({ kind: 'slot' })
    const to = Keypair.generate()
    fund(ledger, addressOf(to), 1_000_000n)
    fund(ledger, addressOf(to), 3_000_000n)
    const { slot } = ledger.advance(5n, 3n)
    expect(heard.map(({ method, params }) => [method, params.result])).toEqual([
      [
        'programNotification',
        expect.objectContaining({ value: { pubkey: addressOf(to), account: { lamports: 3_000_000 } } })
      ],
      ['slotNotification', { parent: Number(slot) - 5, root: Number(slot), slot: Number(slot) }]
    ])
  })

  it('are bounded, and silent once they are closed', () => {
    const { ledger, subscriptions, heard } = setUp(2)
    subscriptions.add({ kind: 'slot' })
    const second = subscriptions.add({ kind: 'root' })
    expect(() => subscriptions.add({ kind: 'slot' })).toThrow(expect.objectContaining({ code: -32005 }))
    expect(subscriptions.remove(second)).toBe(true)
    subscriptions.add({ kind: 'slot' })
    subscriptions.close()
    ledger.advance(1n, 2n)
    expect(heard).toEqual([])
  })
})
