/**
 * One ledger on one runtime: blocks, accounts, transactions and their history. Synchronous and without a clock of its own: whoever
 * holds it says when a block begins. What it is not: no consensus, no forks, no leaders; what it accepts is final at once.
 */
import type { Address } from '@solana/kit'
import { type LoadedAddresses, loadAddresses } from './address-lookup.ts'
import { BLOCKHASH_LIFETIME_SLOTS, type Block, BlockhashQueue } from './blockhash-queue.ts'
import { type LedgerAccount, sameAccount } from './ledger-account.ts'
import { Runtime, type Simulation } from './runtime.ts'
import { readTokenAccount, readTokenMint } from './token-account.ts'
import type { TransactionErrorJson } from './transaction-error.ts'
import { transactionFee } from './transaction-fee.ts'
import { TransactionHistory } from './transaction-history.ts'
import type { TokenBalance, TransactionRecord } from './transaction-record.ts'
import { isWritable, type WireTransaction } from './wire-transaction.ts'

export interface LedgerOptions {
  /** Transactions remembered beyond the replay window. */
  readonly historyCapacity: number
}

/** Everything that survives a restart; plain values. */
export interface LedgerState {
  readonly runtime: Uint8Array
  readonly blocks: readonly Block[]
  readonly transactions: readonly TransactionRecord[]
  readonly transactionCount: bigint
}

export type LedgerEvent =
  | { readonly type: 'block'; readonly block: Block; readonly parentSlot: bigint }
  | { readonly type: 'transaction'; readonly record: TransactionRecord; readonly changed: readonly Address[] }
  | { readonly type: 'accounts'; readonly changed: readonly Address[] }

export interface SimulateOptions {
  readonly verifySignatures: boolean
  /** Run it whatever blockhash it names. */
  readonly anyBlockhash: boolean
}

export type SendOutcome =
  | { readonly included: true; readonly record: TransactionRecord }
  /** Refused before it ran: no fee was paid and nobody will ever see it. */
  | { readonly included: false; readonly error: TransactionErrorJson }

/** 64 zero bytes: how the wire says that nobody has signed yet. */
const NO_SIGNATURE = '1'.repeat(64)
const NOT_RUN = { logs: [], computeUnits: 0n, returnData: undefined, innerInstructions: [] } as const

export class Ledger {
  private readonly runtime: Runtime
  private readonly queue: BlockhashQueue
  private readonly history: TransactionHistory
  private readonly listeners = new Set<(event: LedgerEvent) => void>()

  private constructor(runtime: Runtime, queue: BlockhashQueue, history: TransactionHistory) {
    this.runtime = runtime
    this.queue = queue
    this.history = history
  }

  /** @param time seconds since the Unix epoch of the first block */
  static create({ historyCapacity }: LedgerOptions, time: bigint): Ledger {
    const runtime = Runtime.create()
    const first = runtime.beginBlock(runtime.slot + 1n, time)
    return new Ledger(runtime, new BlockhashQueue(first), new TransactionHistory(historyCapacity))
  }

  /** @throws CraftecError `malformed` */
  static restore({ historyCapacity }: LedgerOptions, state: LedgerState): Ledger {
    const runtime = Runtime.restore(state.runtime)
    const latest = state.blocks.at(-1) ?? { slot: runtime.slot, blockhash: runtime.blockhash, time: 0n }
    const history = new TransactionHistory(historyCapacity, state.transactions, state.transactionCount)
    return new Ledger(runtime, new BlockhashQueue(latest, state.blocks), history)
  }

  state(): LedgerState {
    return {
      runtime: this.runtime.snapshot(),
      blocks: this.queue.all(),
      transactions: this.history.all(),
      transactionCount: this.history.totalCount
    }
  }

  get latestBlock(): Block {
    return this.queue.latest
  }

  get transactionCount(): bigint {
    return this.history.totalCount
  }

  /** The block of `slot`, as long as its hash is valid or a transaction of it is remembered. */
  blockTime(slot: bigint): bigint | undefined {
    return this.queue.atSlot(slot)?.time ?? this.history.all().find(record => record.slot === slot)?.blockTime
  }

  isBlockhashValid(blockhash: string): boolean {
    return this.queue.isValid(blockhash)
  }

  /** Begin the block `slots` after the latest; those between are skipped, as slots without a leader are. */
  advance(slots: bigint, time: bigint): Block {
    const parent = this.queue.latest
    const block = this.runtime.beginBlock(parent.slot + slots, time > parent.time ? time : parent.time)
    this.queue.push(block)
    this.emit({ type: 'block', block, parentSlot: parent.slot })
    return block
  }

  account(address: Address): LedgerAccount | undefined {
    return this.runtime.account(address)
  }

  programAccounts(program: Address): LedgerAccount[] {
    return this.runtime.programAccounts(program)
  }

  rentExemption(bytes: number): bigint {
    return this.runtime.rentExemption(bytes)
  }

  /** Write an account past every rule of the runtime: for genesis and for tests. */
  setAccount(account: LedgerAccount): void {
    this.runtime.setAccount(account)
    this.emit({ type: 'accounts', changed: [account.address] })
  }

  /** @throws CraftecError `malformed` when the loader refuses the file */
  setProgram(program: Address, elf: Uint8Array, upgradeAuthority: Address): void {
    this.runtime.setProgram(program, elf, upgradeAuthority)
    this.emit({ type: 'accounts', changed: [program] })
  }

  transaction(signature: string): TransactionRecord | undefined {
    return this.history.get(signature)
  }

  /** Newest first. */
  transactionsOf(address: Address): readonly TransactionRecord[] {
    return this.history.ofAddress(address)
  }

  /** Run a transaction and keep what it did. */
  send(transaction: WireTransaction): SendOutcome {
    const { message } = transaction
    const refusal = this.refusalOf(transaction, { verifySignatures: true, anyBlockhash: false })
    if (refusal !== undefined) return { included: false, error: refusal }
    const loaded = this.loadedBy(transaction)
    const accountKeys = [...message.staticKeys, ...loaded.writable, ...loaded.readonly]
    const before = accountKeys.map(key => this.runtime.account(key))
    const execution = this.runtime.execute(transaction.bytes)
    const after = accountKeys.map(key => this.runtime.account(key))
    // Whoever was charged is in the ledger: a transaction that fails before it runs costs nothing and leaves no trace.
    if (execution.error !== null && sameAccount(before[0], after[0])) return { included: false, error: execution.error }
    const { slot, time } = this.queue.latest
    const record: TransactionRecord = {
      ...execution,
      transaction,
      slot,
      blockTime: time,
      fee: transactionFee(message),
      loaded,
      accountKeys,
      preBalances: before.map(account => account?.lamports ?? 0n),
      postBalances: after.map(account => account?.lamports ?? 0n),
      preTokenBalances: this.tokenBalances(before),
      postTokenBalances: this.tokenBalances(after)
    }
    this.history.add(record, slot - BLOCKHASH_LIFETIME_SLOTS)
    const changed = accountKeys.filter((key, index) => {
      const writable = index < message.staticKeys.length ? isWritable(message, index) : loaded.writable.includes(key)
      return writable && !sameAccount(before[index], after[index])
    })
    this.emit({ type: 'transaction', record, changed })
    return { included: true, record }
  }

  /** Run a transaction and forget what it did. */
  simulate(transaction: WireTransaction, options: SimulateOptions): Simulation {
    const refusal = this.refusalOf(transaction, options)
    if (refusal !== undefined) return { ...NOT_RUN, error: refusal, accounts: [] }
    return this.runtime.simulate(transaction.bytes, options.verifySignatures)
  }

  /** @returns a function that ends the listening */
  listen(listener: (event: LedgerEvent) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private refusalOf(transaction: WireTransaction, options: SimulateOptions): TransactionErrorJson | undefined {
    const { message, signature, signatures } = transaction
    if (options.verifySignatures && signatures.includes(NO_SIGNATURE)) return 'SignatureFailure'
    if (!options.anyBlockhash && !this.queue.isValid(message.blockhash)) return 'BlockhashNotFound'
    return this.history.get(signature) === undefined ? undefined : 'AlreadyProcessed'
  }

  private loadedBy({ message }: WireTransaction): LoadedAddresses {
    const loaded = loadAddresses(message.lookups, address => this.runtime.account(address))
    return loaded ?? { writable: [], readonly: [] }
  }

  private tokenBalances(accounts: readonly (LedgerAccount | undefined)[]): TokenBalance[] {
    return accounts.flatMap((account, accountIndex) => {
      const token = account && readTokenAccount(account)
      const mint = token && this.runtime.account(token.mint)
      const decimals = mint && readTokenMint(mint)?.decimals
      if (account === undefined || token === undefined || decimals === undefined) return []
      return {
        accountIndex,
        mint: token.mint,
        owner: token.owner,
        program: account.owner,
        amount: token.amount,
        decimals
      }
    })
  }

  private emit(event: LedgerEvent): void {
    for (const listener of this.listeners) listener(event)
  }
}
