export type { LoadedAddresses } from './address-lookup.ts'
export { BLOCKHASH_LIFETIME_SLOTS, type Block } from './blockhash-queue.ts'
export { Ledger, type LedgerEvent, type LedgerState, type SendOutcome } from './ledger.ts'
export type { LedgerAccount } from './ledger-account.ts'
export type { Simulation } from './runtime.ts'
export {
  isTokenProgram,
  readTokenAccount,
  readTokenMint,
  TOKEN_2022_PROGRAM,
  TOKEN_PROGRAM,
  type TokenAccount,
  type TokenMint
} from './token-account.ts'
export { describeTransactionError, type TransactionErrorJson } from './transaction-error.ts'
export { transactionFee } from './transaction-fee.ts'
export type { Execution, InnerInstructionRecord, TokenBalance, TransactionRecord } from './transaction-record.ts'
export {
  decodeMessage,
  decodeTransaction,
  isWritable,
  MAX_TRANSACTION_BYTES,
  type WireInstruction,
  type WireMessage,
  type WireTransaction
} from './wire-transaction.ts'
