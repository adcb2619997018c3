/** The local chain, as `Connection` of @solana/web3.js meets it: nothing here knows that there is no cluster behind. */
import {
  AddressLookupTableProgram,
  Connection,
  Keypair,
  LAMPORTS_PER_SOL,
  type Logs,
  PublicKey,
  SendTransactionError,
  SystemProgram,
  sendAndConfirmTransaction,
  Transaction,
  TransactionInstruction,
  TransactionMessage,
  VersionedTransaction
} from '@solana/web3.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Chain, startChain } from '../../chain/index.ts'
import { encodeBase58 } from '../../sdk/codec/index.ts'
import { versionedFrom } from '../kit/chain-wallet.ts'

const TOKEN_PROGRAM = new PublicKey('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA')
const MEMO_PROGRAM = new PublicKey('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr')
const SLOT_MS = 50

let chain: Chain
let connection: Connection
let wallet: Keypair

beforeAll(async () => {
  chain = await startChain({ slotMs: SLOT_MS, testMethods: true })
  connection = new Connection(chain.url, 'confirmed')
  wallet = Keypair.fromSeed(chain.wallet.secretKey)
})

afterAll(() => chain.stop())

function transfer(to: PublicKey, lamports = LAMPORTS_PER_SOL): TransactionInstruction {
  return SystemProgram.transfer({ fromPubkey: wallet.publicKey, toPubkey: to, lamports })
}

function memo(text: string): TransactionInstruction {
  return new TransactionInstruction({ programId: MEMO_PROGRAM, keys: [], data: Buffer.from(text) })
}

function mint(): PublicKey {
  return new PublicKey(chain.mint.address)
}

async function versioned(instructions: TransactionInstruction[]): Promise<VersionedTransaction> {
  return versionedFrom(wallet, instructions, (await connection.getLatestBlockhash()).blockhash)
}

/** A method of this chain that no cluster has. */
async function call(method: string, ...params: unknown[]): Promise<unknown> {
  const response = await fetch(chain.url, {
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  })
  const { result, error } = await response.json()
  if (error) throw new Error(error.message)
  return result
}

/** Resolves with the first notification. */
function first<Value>(subscribe: (heard: (value: Value) => void) => number): Promise<Value> {
  return new Promise(resolve => {
    subscribe(resolve)
  })
}

describe('Connection', () => {
  it('finds a funded wallet and a test mint', async () => {
    expect(await connection.getBalance(wallet.publicKey)).toBe(100 * LAMPORTS_PER_SOL)
    const { value } = await connection.getTokenAccountsByOwner(wallet.publicKey, { mint: mint() })
    const [account] = value
    if (account === undefined) throw new Error('no token account')
    expect((await connection.getTokenAccountBalance(account.pubkey)).value).toEqual({
      amount: '10000000000',
      decimals: 6,
      uiAmount: 10_000,
      uiAmountString: '10000'
    })
    expect((await connection.getTokenSupply(mint())).value.amount).toBe('10000000000')
    expect((await connection.getTokenLargestAccounts(mint())).value[0]?.address).toEqual(account.pubkey)
  })

  it('sends, confirms and reads back a legacy transaction', async () => {
    const to = Keypair.generate().publicKey
    const signature = await sendAndConfirmTransaction(connection, new Transaction().add(transfer(to), memo('hello')), [
      wallet
    ])
    expect(await connection.getBalance(to)).toBe(LAMPORTS_PER_SOL)
    const { value: status } = await connection.getSignatureStatus(signature)
    expect(status).toMatchObject({ err: null, confirmationStatus: 'finalized' })
    const read = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 })
    expect(read).toMatchObject({ version: 'legacy', meta: { err: null, fee: 5000 } })
    expect(read?.meta?.logMessages?.join('\n')).toContain('Program log: hello')
    const [sent, got] = [0, 1].map(
      index => (read?.meta?.postBalances[index] ?? 0) - (read?.meta?.preBalances[index] ?? 0)
    )
    expect([sent, got]).toEqual([-LAMPORTS_PER_SOL - 5000, LAMPORTS_PER_SOL])
    const parsed = await connection.getParsedTransaction(signature, { maxSupportedTransactionVersion: 0 })
    expect(parsed?.transaction.message.accountKeys.map(key => [key.signer, key.writable])).toEqual([
      [true, true],
      [false, true],
      [false, false],
      [false, false]
    ])
    const [newest] = await connection.getSignaturesForAddress(to)
    expect(newest).toMatchObject({ signature, err: null, memo: '[5] hello' })
  })

  it('sends a version 0 transaction that looks addresses up in a table', async () => {
    const recipients = Array.from({ length: 3 }, () => Keypair.generate().publicKey)
    const recentSlot = await connection.getSlot()
    const [create, table] = AddressLookupTableProgram.createLookupTable({
      authority: wallet.publicKey,
      payer: wallet.publicKey,
      recentSlot
    })
    const extend = AddressLookupTableProgram.extendLookupTable({
      lookupTable: table,
      authority: wallet.publicKey,
      payer: wallet.publicKey,
      addresses: recipients
    })
    await call('craftec_advanceSlots', 1)
    await sendAndConfirmTransaction(connection, new Transaction().add(create, extend), [wallet])
    await call('craftec_advanceSlots', 1)
    const { value: lookup } = await connection.getAddressLookupTable(table)
    if (lookup === null) throw new Error('no table')
    const latest = await connection.getLatestBlockhash()
    const transaction = versionedFrom(
      wallet,
      recipients.map(to => transfer(to)),
      latest.blockhash,
      [lookup]
    )
    expect(transaction.message.addressTableLookups).toHaveLength(1)
    const signature = await connection.sendTransaction(transaction)
    await connection.confirmTransaction({ signature, ...latest })
    for (const to of recipients) expect(await connection.getBalance(to)).toBe(LAMPORTS_PER_SOL)

    const read = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 })
    expect(read?.version).toBe(0)
    expect(read?.meta?.loadedAddresses?.writable.map(String)).toEqual(recipients.map(String))
    expect(read?.meta?.postBalances).toHaveLength(5)
    await expect(connection.getTransaction(signature, {})).rejects.toThrow('maxSupportedTransactionVersion')
    const parsed = await connection.getParsedTransaction(signature, { maxSupportedTransactionVersion: 0 })
    expect(parsed?.transaction.message.accountKeys.map(key => key.source)).toEqual([
      'transaction',
      'transaction',
      'lookupTable',
      'lookupTable',
      'lookupTable'
    ])
  })

  it('refuses in preflight with the logs, and charges nothing', async () => {
    const before = await connection.getBalance(wallet.publicKey)
    const sending = connection.sendTransaction(await versioned([transfer(mint(), 1_000 * LAMPORTS_PER_SOL)]))
    const error: unknown = await sending.catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(SendTransactionError)
    if (!(error instanceof SendTransactionError)) return
    expect(error.message).toContain('custom program error: 0x1')
    expect((await error.getLogs(connection)).join('\n')).toContain('insufficient lamports')
    expect(await connection.getBalance(wallet.publicKey)).toBe(before)
  })

  it('keeps a transaction that fails without preflight, its fee and its error', async () => {
    const latest = await connection.getLatestBlockhash()
    const transaction = versionedFrom(wallet, [transfer(mint(), 1_000 * LAMPORTS_PER_SOL)], latest.blockhash)
    const signature = await connection.sendTransaction(transaction, { skipPreflight: true })
    const { value } = await connection.confirmTransaction({ signature, ...latest })
    expect(value.err).toEqual({ InstructionError: [0, { Custom: 1 }] })
    const read = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 })
    expect(read?.meta).toMatchObject({ err: { InstructionError: [0, { Custom: 1 }] }, fee: 5000 })
  })

  it('names the refusals that clients look for', async () => {
    const stranger = Keypair.generate()
    const { blockhash } = await connection.getLatestBlockhash()
    const broke = versionedFrom(stranger, [memo('broke')], blockhash)
    await expect(connection.sendTransaction(broke)).rejects.toThrow('no record of a prior credit')
    const forged = await versioned([memo('forged')])
    forged.signatures[0] = new Uint8Array(64).fill(1)
    await expect(connection.sendTransaction(forged)).rejects.toThrow('signature verification failure')
    const old = versionedFrom(wallet, [memo('old')], stranger.publicKey.toBase58())
    await expect(connection.sendTransaction(old)).rejects.toThrow('Blockhash not found')
    const twice = await versioned([memo('twice')])
    await connection.sendTransaction(twice)
    await expect(connection.sendTransaction(twice)).rejects.toThrow('already been processed')
    await expect(connection.sendRawTransaction(Uint8Array.of(1, 2, 3))).rejects.toThrow('transaction')
  })

  it('lets a blockhash expire, and says so to who waits for a transaction that never came', async () => {
    const latest = await connection.getLatestBlockhash()
    expect((await connection.isBlockhashValid(latest.blockhash)).value).toBe(true)
    const transaction = versionedFrom(wallet, [memo('late')], latest.blockhash)
    const [signature] = transaction.signatures
    if (signature === undefined) throw new Error('unsigned')
    const confirming = connection.confirmTransaction({ signature: encodeBase58(signature), ...latest })
    await call('craftec_advanceSlots', 151)
    await expect(confirming).rejects.toThrow('block height exceeded')
    expect((await connection.isBlockhashValid(latest.blockhash)).value).toBe(false)
    await expect(connection.sendTransaction(transaction)).rejects.toThrow('Blockhash not found')
  })

  it('can lose transactions, or have them land late, as a cluster does', async () => {
    const to = Keypair.generate().publicKey
    const statusOf = async (signature: string) => (await connection.getSignatureStatus(signature)).value
    try {
      await call('craftec_setDelivery', 'dropped')
      const lost = await connection.sendTransaction(await versioned([transfer(to)]))
      await call('craftec_setDelivery', 'held')
      const late = await versioned([transfer(to), memo('late')])
      const signature = await connection.sendTransaction(late)
      // Sent again, as clients do: it still runs once.
      expect(await connection.sendTransaction(late)).toBe(signature)
      expect([await statusOf(lost), await statusOf(signature)]).toEqual([null, null])
      await call('craftec_setDelivery', 'at once')
      expect([await statusOf(lost), await statusOf(signature)]).toMatchObject([null, { err: null }])
      expect(await connection.getBalance(to)).toBe(LAMPORTS_PER_SOL)

      await call('craftec_setDelivery', 'held')
      const expired = await connection.sendTransaction(await versioned([transfer(to), memo('expired')]))
      await call('craftec_advanceSlots', 151)
      await call('craftec_setDelivery', 'at once')
      expect(await statusOf(expired)).toBeNull()
      expect(await connection.getBalance(to)).toBe(LAMPORTS_PER_SOL)
    } finally {
      await call('craftec_setDelivery', 'at once')
    }
  })

  it('travels in time, and programs see it', async () => {
    const slot = await connection.getSlot()
    const before = (await connection.getBlockTime(slot)) ?? 0
    await call('craftec_advanceTime', 86_400)
    const now = await connection.getSlot()
    const after = (await connection.getBlockTime(now)) ?? 0
    expect(after - before).toBeGreaterThanOrEqual(86_400)
    expect(now - slot).toBeGreaterThanOrEqual((86_400 * 1000) / SLOT_MS)
    const clock = await connection.getAccountInfo(new PublicKey('SysvarC1ock11111111111111111111111111111111'))
    expect(Number(clock?.data.readBigInt64LE(32))).toBeGreaterThanOrEqual(after)
  })

  it('simulates: any blockhash, no signatures, accounts afterwards', async () => {
    const to = Keypair.generate().publicKey
    const message = new TransactionMessage({
      payerKey: wallet.publicKey,
      recentBlockhash: PublicKey.default.toBase58(),
      instructions: [transfer(to)]
    })
    const unsigned = new VersionedTransaction(message.compileToV0Message())
    const { value } = await connection.simulateTransaction(unsigned, {
      replaceRecentBlockhash: true,
      accounts: { encoding: 'base64', addresses: [to.toBase58()] },
      innerInstructions: true
    })
    expect(value).toMatchObject({ err: null, unitsConsumed: 150, accounts: [{ lamports: LAMPORTS_PER_SOL }] })
    expect(value).toHaveProperty('replacementBlockhash.blockhash')
    expect((await connection.simulateTransaction(unsigned)).value.err).toBe('BlockhashNotFound')
    await expect(
      connection.simulateTransaction(unsigned, { sigVerify: true, replaceRecentBlockhash: true })
    ).rejects.toThrow('sigVerify')
    expect(await connection.getBalance(to)).toBe(0)
  })

  it('queries accounts: several at once, by program and filters, slices', async () => {
    const [one, none] = [wallet.publicKey, Keypair.generate().publicKey]
    const accounts = await connection.getMultipleAccountsInfo([one, none, mint()])
    expect(accounts.map(account => account?.owner.toBase58())).toEqual([
      SystemProgram.programId.toBase58(),
      undefined,
      TOKEN_PROGRAM.toBase58()
    ])
    const filters = [{ dataSize: 165 }, { memcmp: { offset: 32, bytes: wallet.publicKey.toBase58() } }]
    const found = await connection.getProgramAccounts(TOKEN_PROGRAM, { filters, dataSlice: { offset: 64, length: 8 } })
    expect(found.map(({ account }) => account.data.readBigUInt64LE())).toEqual([10_000_000_000n])
    const other = [{ dataSize: 165 }, { memcmp: { offset: 32, bytes: none.toBase58() } }]
    expect(await connection.getProgramAccounts(TOKEN_PROGRAM, { filters: other })).toEqual([])
    const { value: parsed } = await connection.getParsedAccountInfo(mint())
    expect(parsed?.data).toMatchObject({ program: 'spl-token', parsed: { type: 'mint', info: { decimals: 6 } } })
    const { value: byOwner } = await connection.getParsedTokenAccountsByOwner(one, { programId: TOKEN_PROGRAM })
    expect(byOwner[0]?.account.data.parsed.info).toMatchObject({ owner: one.toBase58(), mint: chain.mint.address })
    const slice = await connection.getAccountInfo(mint(), { dataSlice: { offset: 44, length: 1 } })
    expect([...(slice?.data ?? [])]).toEqual([6])
  })

  it('knows rent, fees and what its blocks are', async () => {
    expect(await connection.getMinimumBalanceForRentExemption(165)).toBe(2_039_280)
    const { message } = await versioned([memo('fee')])
    expect((await connection.getFeeForMessage(message)).value).toBe(5000)
    expect((await connection.getRecentPrioritizationFees()).length).toBe(150)
    expect(await connection.getGenesisHash()).toBe(chain.genesisHash)
    expect((await connection.getEpochInfo()).slotsInEpoch).toBe(432_000)
    expect(await connection.getBlockHeight()).toBeGreaterThan(0)
    expect((await connection.getVersion())['solana-core']).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it('gives lamports and test tokens to whoever asks, twice as well as once', async () => {
    const user = Keypair.generate().publicKey
    const latest = await connection.getLatestBlockhash()
    const gifts = await Promise.all([1, 2].map(() => connection.requestAirdrop(user, LAMPORTS_PER_SOL)))
    for (const signature of gifts) await connection.confirmTransaction({ signature, ...latest })
    expect(await connection.getBalance(user)).toBe(2 * LAMPORTS_PER_SOL)
    await call('craftec_requestTokens', user.toBase58(), 5_000_000)
    await call('craftec_requestTokens', user.toBase58(), 5_000_000)
    const { value } = await connection.getParsedTokenAccountsByOwner(user, { mint: mint() })
    expect(value[0]?.account.data.parsed.info.tokenAmount.uiAmountString).toBe('10')
    await expect(connection.requestAirdrop(user, 1_000 * LAMPORTS_PER_SOL)).rejects.toThrow('at most')
  })

  it('notifies of signatures, accounts, programs, logs and slots', async () => {
    const to = Keypair.generate().publicKey
    const account = first<bigint>(heard => connection.onAccountChange(to, ({ lamports }) => heard(BigInt(lamports))))
    const logs = first<Logs>(heard => connection.onLogs(to, heard))
    const slot = first<number>(heard => connection.onSlotChange(({ slot }) => heard(slot)))
    const user = Keypair.generate().publicKey
    const token = first<string>(heard =>
      connection.onProgramAccountChange(
        TOKEN_PROGRAM,
        ({ accountInfo }) => heard(accountInfo.data.readBigUInt64LE(64).toString()),
        { filters: [{ memcmp: { offset: 32, bytes: user.toBase58() } }] }
      )
    )
    expect(await slot).toBeGreaterThan(0)
    const transaction = await versioned([transfer(to)])
    const signature = await connection.sendTransaction(transaction)
    const done = await first<unknown>(heard => connection.onSignature(signature, ({ err }) => heard(err)))
    expect(done).toBeNull()
    expect(await account).toBe(BigInt(LAMPORTS_PER_SOL))
    expect(await logs).toMatchObject({ signature, err: null })
    await call('craftec_requestTokens', user.toBase58(), 1_000_000)
    expect(await token).toBe('1000000')
  })
})
