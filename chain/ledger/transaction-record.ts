import type { Address } from '@solana/kit'
import type { LoadedAddresses } from './address-lookup.ts'
import type { TransactionErrorJson } from './transaction-error.ts'
import type { WireTransaction } from './wire-transaction.ts'

export interface InnerInstructionRecord {
  readonly programIndex: number
  readonly accountIndexes: Uint8Array
  readonly data: Uint8Array
  readonly stackHeight: number
}

export interface TokenBalance {
  readonly accountIndex: number
  readonly mint: Address
  readonly owner: Address
  readonly program: Address
  readonly amount: bigint
  readonly decimals: number
}

/** What running a transaction did, whether it was kept or only tried. */
export interface Execution {
  readonly error: TransactionErrorJson | null
  readonly logs: readonly string[]
  readonly computeUnits: bigint
  readonly returnData: { readonly program: Address; readonly data: Uint8Array } | undefined
  /** By index of the outer instruction; those that called nothing have an empty list. */
  readonly innerInstructions: readonly (readonly InnerInstructionRecord[])[]
}

/** A transaction that is part of the ledger: it succeeded, or it failed and paid its fee. Holds nothing but plain values. */
export interface TransactionRecord extends Execution {
  readonly transaction: WireTransaction
  readonly slot: bigint
  /** Seconds since the Unix epoch. */
  readonly blockTime: bigint
  readonly fee: bigint
  readonly loaded: LoadedAddresses
  /** Static keys, then loaded writable ones, then loaded read-only ones: the order that indexes count in. */
  readonly accountKeys: readonly Address[]
  readonly preBalances: readonly bigint[]
  readonly postBalances: readonly bigint[]
  readonly preTokenBalances: readonly TokenBalance[]
  readonly postTokenBalances: readonly TokenBalance[]
}
