import { z } from 'zod'
import { encodeBase58 } from '../../sdk/codec/index.ts'
import type { Ledger, TransactionRecord } from '../ledger/index.ts'
import { addressParam, contextConfig, requireContextSlot, signatureParam } from './params.ts'
import { RpcError } from './rpc-error.ts'
import { inContext, method, type RpcMethods } from './rpc-method.ts'
import { encodeMeta, encodeTransaction, transactionEncoding } from './transaction-encoding.ts'

/** Agave's `MAX_GET_SIGNATURE_STATUSES_QUERY_ITEMS` and `MAX_GET_CONFIRMED_SIGNATURES_FOR_ADDRESS2_LIMIT`. */
const MAX_STATUSES = 256
const MAX_SIGNATURES = 1000
const MEMO_PROGRAMS: ReadonlySet<string> = new Set([
  'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr',
  'Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo'
])

const signaturesConfig = contextConfig.extend({
  limit: z.int().min(1).max(MAX_SIGNATURES).nullish(),
  before: signatureParam.nullish(),
  until: signatureParam.nullish()
})

const transactionConfig = contextConfig.extend({
  encoding: transactionEncoding.nullish(),
  maxSupportedTransactionVersion: z.int().min(0).max(255).nullish()
})

export const historyMethods: RpcMethods = {
  getSignatureStatuses: method(
    z.tuple([z.array(signatureParam).max(MAX_STATUSES), z.unknown().optional()]),
    ([signatures], { ledger }) => {
      const statuses = signatures.map(signature => {
        const record = ledger.transaction(signature)
        return record === undefined ? null : statusOf(record)
      })
      return inContext(ledger, statuses)
    }
  ),

  getSignaturesForAddress: method(
    z.tuple([addressParam, signaturesConfig.nullish()]),
    ([address, config], { ledger }) => {
      requireContextSlot(ledger, config)
      return page(ledger.transactionsOf(address), config).map(record => ({
        signature: record.transaction.signature,
        slot: record.slot,
        err: record.error,
        memo: memoOf(record),
        blockTime: record.blockTime,
        confirmationStatus: 'finalized'
      }))
    }
  ),

  getTransaction: method(
    z.tuple([signatureParam, z.union([transactionConfig, transactionEncoding]).nullish()]),
    ([signature, given], { ledger }) => {
      const config = typeof given === 'string' ? { encoding: given } : given
      const record = ledger.transaction(signature)
      return record === undefined ? null : encodeRecord(record, config)
    }
  )
}

function statusOf({ slot, error }: TransactionRecord): object {
  return {
    slot,
    confirmations: null,
    err: error,
    status: error === null ? { Ok: null } : { Err: error },
    confirmationStatus: 'finalized'
  }
}

/** `records` are newest first: those after `before`, down to `until`, which is not among them. */
function page(
  records: ReturnType<Ledger['transactionsOf']>,
  config: z.output<typeof signaturesConfig> | null | undefined
): readonly TransactionRecord[] {
  const indexOf = (signature: string | null | undefined): number =>
    signature ? records.findIndex(record => record.transaction.signature === signature) : -1
  const before = indexOf(config?.before)
  if (config?.before && before === -1) return []
  const until = indexOf(config?.until)
  return records.slice(before + 1, until === -1 ? undefined : until).slice(0, config?.limit ?? MAX_SIGNATURES)
}

/** `[length] text`, several joined by semicolons: the form Agave gives memos in. */
function memoOf({ transaction: { message } }: TransactionRecord): string | null {
  const memos = message.instructions.flatMap(({ programIndex, data }) => {
    if (!MEMO_PROGRAMS.has(message.staticKeys[programIndex] ?? '')) return []
    return [`[${data.length}] ${decodeText(data)}`]
  })
  return memos.length === 0 ? null : memos.join('; ')
}

function decodeText(data: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data)
  } catch {
    return encodeBase58(data)
  }
}

/** @throws RpcError `unsupportedTransactionVersion` */
function encodeRecord(
  record: TransactionRecord,
  config: Partial<z.output<typeof transactionConfig>> | null | undefined
): object {
  const { version } = record.transaction.message
  const highest = config?.maxSupportedTransactionVersion
  if (version !== 'legacy' && (highest === undefined || highest === null || version > highest)) {
    throw new RpcError(
      'unsupportedTransactionVersion',
      `Transaction version (${version}) is not supported by the requesting client. ` +
        `Please try the request again with the following configuration parameter: "maxSupportedTransactionVersion": ${version}`
    )
  }
  const encoding = config?.encoding ?? 'json'
  return {
    slot: record.slot,
    blockTime: record.blockTime,
    transaction: encodeTransaction(record, encoding),
    meta: encodeMeta(record, encoding),
    ...(highest === undefined || highest === null ? {} : { version })
  }
}
