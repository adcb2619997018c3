import type { Address } from '@solana/kit'
import { ComputeBudgetProgram, Keypair, PublicKey, SystemProgram, TransactionInstruction } from '@solana/web3.js'
import { describe, expect, it } from 'vitest'
import { signatureCheck, transferFrom, versionedFrom } from '../../test/kit/chain-wallet.ts'
import { Ledger, type LedgerEvent, type SendOutcome } from './ledger.ts'
import { transactionFee } from './transaction-fee.ts'
import { decodeTransaction } from './wire-transaction.ts'

const START = 1_800_000_000n
const SYSTEM = SystemProgram.programId.toBase58() as Address
const payer = Keypair.fromSeed(new Uint8Array(32).fill(7))
const payerAddress = payer.publicKey.toBase58() as Address

function newLedger(historyCapacity = 100): Ledger {
  const ledger = Ledger.create({ historyCapacity }, START)
  ledger.setAccount({
    address: payerAddress,
    lamports: 10_000_000_000n,
    owner: SYSTEM,
    executable: false,
    data: new Uint8Array()
  })
  return ledger
}

function send(ledger: Ledger, bytes: Uint8Array): SendOutcome {
  return ledger.send(decodeTransaction(bytes))
}

function pay(ledger: Ledger, lamports = 1_000_000): SendOutcome {
  return send(ledger, transferFrom(payer, Keypair.generate().publicKey, lamports, ledger.latestBlock.blockhash))
}

describe('a ledger', () => {
  it('accepts a blockhash for 150 slots and no longer', () => {
    const ledger = newLedger()
    const { blockhash } = ledger.latestBlock
    const late = (): Uint8Array => transferFrom(payer, Keypair.generate().publicKey, 1_000_000, blockhash)
    for (let slot = 1; slot <= 150; slot++) ledger.advance(1n, START)
    expect(send(ledger, late()).included).toBe(true)
    ledger.advance(1n, START)
    expect(ledger.isBlockhashValid(blockhash)).toBe(false)
    expect(send(ledger, late())).toEqual({ included: false, error: 'BlockhashNotFound' })
  })

  it('runs a transaction once, however often it is sent', () => {
    const ledger = newLedger(1)
    const to = Keypair.generate().publicKey
    const bytes = transferFrom(payer, to, 1_000_000, ledger.latestBlock.blockhash)
    expect(send(ledger, bytes).included).toBe(true)
    // More than the history holds: what could be replayed is remembered all the same.
    for (let count = 0; count < 5; count++) expect(pay(ledger).included).toBe(true)
    expect(send(ledger, bytes)).toEqual({ included: false, error: 'AlreadyProcessed' })
    expect(ledger.account(to.toBase58() as Address)?.lamports).toBe(1_000_000n)
  })

  it('forgets what is over its capacity once it cannot be sent again', () => {
    const ledger = newLedger(2)
    const outcomes = [pay(ledger), pay(ledger), pay(ledger)]
    ledger.advance(151n, START + 60n)
    pay(ledger)
    const known = outcomes.map(outcome => outcome.included && ledger.transaction(outcome.record.transaction.signature))
    expect(known.map(record => record !== undefined)).toEqual([false, false, true])
    expect(ledger.transactionsOf(payerAddress)).toHaveLength(2)
    expect(ledger.transactionCount).toBe(4n)
  })

  it('charges a transaction that fails, and keeps it', () => {
    const ledger = newLedger()
    const before = ledger.account(payerAddress)?.lamports ?? 0n
    const outcome = pay(ledger, 100_000_000_000)
    expect(outcome).toMatchObject({ included: true, record: { error: { InstructionError: [0, { Custom: 1 }] } } })
    expect(ledger.account(payerAddress)?.lamports).toBe(before - 5000n)
  })

  it('leaves no trace of a transaction whose payer has nothing, or that nobody signed', () => {
    const ledger = newLedger()
    const poor = Keypair.generate()
    const { blockhash } = ledger.latestBlock
    const broke = transferFrom(poor, payer.publicKey, 1, blockhash)
    expect(send(ledger, broke)).toMatchObject({ included: false })
    const unsigned = transferFrom(payer, poor.publicKey, 1_000_000, blockhash).fill(0, 1, 65)
    expect(send(ledger, unsigned)).toEqual({ included: false, error: 'SignatureFailure' })
    const forged = transferFrom(payer, poor.publicKey, 1_000_000, blockhash).fill(9, 1, 65)
    expect(send(ledger, forged)).toEqual({ included: false, error: 'SignatureFailure' })
    expect(ledger.transactionCount).toBe(0n)
  })

  it('predicts the fee that the runtime takes: signatures, those of precompiles, priority', () => {
    const ledger = newLedger()
    const cases: TransactionInstruction[][] = [
      [],
      [signatureCheck('one'), signatureCheck('two')],
      [ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 1_234_567 })],
      [
        ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 777 }),
        ComputeBudgetProgram.setComputeUnitLimit({ units: 99_999 }),
        signatureCheck('three')
      ],
      [
        ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 1_000_000 }),
        new TransactionInstruction({
          programId: new PublicKey('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr'),
          keys: [],
          data: Buffer.from('hello')
        })
      ]
    ]
    for (const more of cases) {
      const before = ledger.account(payerAddress)?.lamports ?? 0n
      const transaction = decodeTransaction(
        transferFrom(payer, Keypair.generate().publicKey, 1_000_000, ledger.latestBlock.blockhash, more)
      )
      expect(ledger.send(transaction)).toMatchObject({ included: true, record: { error: null } })
      const paid = before - (ledger.account(payerAddress)?.lamports ?? 0n) - 1_000_000n
      expect(transactionFee(transaction.message)).toBe(paid)
    }
  })

  it('changes nothing when it simulates', () => {
    const ledger = newLedger()
    const to = Keypair.generate().publicKey
    const transaction = decodeTransaction(transferFrom(payer, to, 1_000_000, ledger.latestBlock.blockhash))
    const simulation = ledger.simulate(transaction, { verifySignatures: true, anyBlockhash: false })
    expect(simulation.error).toBeNull()
    expect(simulation.accounts.find(({ address }) => address === to.toBase58())?.lamports).toBe(1_000_000n)
    expect(ledger.account(to.toBase58() as Address)).toBeUndefined()
    expect(ledger.send(transaction).included).toBe(true)
  })

  it('simulates an unsigned transaction only when signatures are not asked for', () => {
    const ledger = newLedger()
    const unsigned = transferFrom(payer, Keypair.generate().publicKey, 1_000_000, ledger.latestBlock.blockhash)
    const transaction = decodeTransaction(unsigned.fill(0, 1, 65))
    const tried = (verifySignatures: boolean) => ledger.simulate(transaction, { verifySignatures, anyBlockhash: true })
    expect(tried(false).error).toBeNull()
    expect(tried(true).error).toBe('SignatureFailure')
    // The next transaction is checked again, whatever was simulated before it.
    expect(ledger.send(transaction)).toEqual({ included: false, error: 'SignatureFailure' })
  })

  it('tells programs the time that it is given, and never lets it go back', () => {
    const ledger = newLedger()
    const clock = (): bigint => {
      const data = ledger.account('SysvarC1ock11111111111111111111111111111111' as Address)?.data ?? new Uint8Array(40)
      return new DataView(data.buffer, data.byteOffset).getBigInt64(32, true)
    }
    expect(clock()).toBe(START)
    ledger.advance(10n, START + 4n)
    expect(clock()).toBe(START + 4n)
    ledger.advance(1n, START)
    expect(clock()).toBe(START + 4n)
    expect(ledger.blockTime(ledger.latestBlock.slot)).toBe(START + 4n)
  })

  it('is the same after its state was written and read, replays included', () => {
    const ledger = newLedger()
    const bytes = transferFrom(payer, Keypair.generate().publicKey, 1_000_000, ledger.latestBlock.blockhash)
    const versioned = versionedFrom(
      payer,
      [SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: payer.publicKey, lamports: 1 })],
      ledger.latestBlock.blockhash
    ).serialize()
    send(ledger, bytes)
    ledger.advance(3n, START + 1n)
    const restored = Ledger.restore({ historyCapacity: 100 }, structuredClone(ledger.state()))
    expect(restored.latestBlock).toEqual(ledger.latestBlock)
    expect(restored.account(payerAddress)).toEqual(ledger.account(payerAddress))
    expect(restored.transactionsOf(payerAddress)).toEqual(ledger.transactionsOf(payerAddress))
    expect(restored.transactionCount).toBe(1n)
    expect(send(restored, bytes)).toEqual({ included: false, error: 'AlreadyProcessed' })
    expect(send(restored, versioned)).toMatchObject({ included: true, record: { error: null } })
    expect(restored.transactionCount).toBe(2n)
  })

  it('tells listeners which accounts a transaction changed, and none that it only read', () => {
    const ledger = newLedger()
    const events: LedgerEvent[] = []
    const unlisten = ledger.listen(event => events.push(event))
    const to = Keypair.generate().publicKey
    send(ledger, transferFrom(payer, to, 1_000_000, ledger.latestBlock.blockhash))
    ledger.advance(1n, START)
    unlisten()
    pay(ledger)
    expect(events.map(event => event.type)).toEqual(['transaction', 'block'])
    expect(events[0]).toMatchObject({ changed: [payerAddress, to.toBase58()] })
  })

  it('refuses a program that is none', () => {
    const ledger = newLedger()
    const address = Keypair.generate().publicKey.toBase58() as Address
    expect(() => ledger.setProgram(address, new Uint8Array(100), payerAddress)).toThrow(
      expect.objectContaining({ code: 'malformed' })
    )
  })
})
