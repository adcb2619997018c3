/** Transactions as Solana's RPC shows them (`UiTransaction`, `UiTransactionStatusMeta`). */
import { z } from 'zod'
import { encodeBase58 } from '../../sdk/codec/index.ts'
import {
  type Execution,
  type InnerInstructionRecord,
  isWritable,
  type TokenBalance,
  type TransactionRecord,
  type WireTransaction
} from '../ledger/index.ts'
import { toBase64 } from './account-encoding.ts'
import { tokenAmount } from './parsed-account.ts'

export const transactionEncoding = z.enum(['json', 'jsonParsed', 'base58', 'base64'])
export type TransactionEncoding = z.output<typeof transactionEncoding>

export function encodeTransaction(record: TransactionRecord, encoding: TransactionEncoding): unknown {
  const { transaction } = record
  if (encoding === 'base58') return [encodeBase58(transaction.bytes), 'base58']
  if (encoding === 'base64') return [toBase64(transaction.bytes), 'base64']
  const message = encoding === 'json' ? rawMessage(transaction) : parsedMessage(record)
  return { signatures: transaction.signatures, message }
}

export function encodeMeta(record: TransactionRecord, encoding: TransactionEncoding): object {
  const { error, loaded, preBalances, postBalances } = record
  return {
    ...encodeExecution(record),
    status: error === null ? { Ok: null } : { Err: error },
    fee: record.fee,
    preBalances,
    postBalances,
    preTokenBalances: record.preTokenBalances.map(tokenBalance),
    postTokenBalances: record.postTokenBalances.map(tokenBalance),
    logMessages: record.logs,
    innerInstructions: innerInstructions(record, encoding === 'jsonParsed' ? record.accountKeys : undefined),
    computeUnitsConsumed: record.computeUnits,
    rewards: [],
    // With parsed keys, each key says where it came from instead.
    ...(encoding === 'jsonParsed' ? {} : { loadedAddresses: loaded })
  }
}

/** What an execution left besides accounts: the part that kept and simulated transactions share. */
export function encodeExecution({ error, returnData }: Execution): { err: unknown; returnData: unknown } {
  return {
    err: error,
    returnData:
      returnData === undefined ? null : { programId: returnData.program, data: [toBase64(returnData.data), 'base64'] }
  }
}

/** @param keys to name accounts by their addresses; without them, by their indexes */
export function innerInstructions(
  { innerInstructions: lists }: Execution,
  keys: readonly string[] | undefined
): object[] {
  return lists.flatMap((list, index) =>
    list.length === 0 ? [] : [{ index, instructions: list.map(inner => instruction(inner, keys, inner.stackHeight)) }]
  )
}

type Instruction = Pick<InnerInstructionRecord, 'programIndex' | 'accountIndexes' | 'data'>

function instruction(
  { programIndex, accountIndexes, data }: Instruction,
  keys: readonly string[] | undefined,
  stackHeight: number
): object {
  const encoded = encodeBase58(data)
  return keys === undefined
    ? { programIdIndex: programIndex, accounts: [...accountIndexes], data: encoded, stackHeight }
    : {
        programId: keys[programIndex] ?? '',
        accounts: [...accountIndexes].map(at => keys[at] ?? ''),
        data: encoded,
        stackHeight
      }
}

function rawMessage({ message }: WireTransaction): object {
  return {
    header: {
      numRequiredSignatures: message.requiredSignatures,
      numReadonlySignedAccounts: message.readonlySigned,
      numReadonlyUnsignedAccounts: message.readonlyUnsigned
    },
    accountKeys: message.staticKeys,
    recentBlockhash: message.blockhash,
    instructions: message.instructions.map(outer => instruction(outer, undefined, 1)),
    ...tableLookups(message)
  }
}

/** Instructions stay "partially decoded", which is what Agave gives for every program it has no parser for. */
function parsedMessage({ transaction: { message }, loaded, accountKeys }: TransactionRecord): object {
  const staticCount = message.staticKeys.length
  return {
    accountKeys: accountKeys.map((pubkey, index) => ({
      pubkey,
      signer: index < message.requiredSignatures,
      writable: index < staticCount ? isWritable(message, index) : index < staticCount + loaded.writable.length,
      source: index < staticCount ? 'transaction' : 'lookupTable'
    })),
    recentBlockhash: message.blockhash,
    instructions: message.instructions.map(outer => instruction(outer, accountKeys, 1)),
    ...tableLookups(message)
  }
}

function tableLookups({ version, lookups }: WireTransaction['message']): object {
  if (version === 'legacy') return {}
  return {
    addressTableLookups: lookups.map(({ table, writable, readonly }) => ({
      accountKey: table,
      writableIndexes: [...writable],
      readonlyIndexes: [...readonly]
    }))
  }
}

function tokenBalance({ accountIndex, mint, owner, program, amount, decimals }: TokenBalance): object {
  return { accountIndex, mint, owner, programId: program, uiTokenAmount: tokenAmount(amount, decimals) }
}
