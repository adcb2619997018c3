/** What endpoints answer, checked field by field: everything else is a lie or a defect. */
import { decodeBase58, decodeBase64 } from '../../codec/index.ts'
import type { RawAccount } from '../accounts/index.ts'
import { type Address, parseAddress } from '../address/index.ts'
import type { PaymentSight } from '../payment/index.ts'
import type { Simulation } from './chain-rpc.ts'
import { rpcInvalid } from './rpc-invalid.ts'

const HASH_BYTES = 32
const MAX_HASH_CHARACTERS = 44
/** Of accounts that are read here the largest, a distribution with its bitmap, has 8,368 bytes. */
const MAX_ACCOUNT_CHARACTERS = 64 * 1024
const MAX_FOUND_ACCOUNTS = 1_000
/** More than the runtime keeps of one transaction. */
const MAX_LOG_LINES = 1_000
const CONFIRMED: readonly unknown[] = ['confirmed', 'finalized']

/** A height, a slot, a number of units: a whole number that fits. */
export function countOf(answer: unknown, what: string): number {
  if (typeof answer !== 'number' || !Number.isSafeInteger(answer) || answer < 0) throw rpcInvalid(`no ${what}`)
  return answer
}

/** 32 bytes in base58: a blockhash. */
export function hashOf(answer: unknown, what: string): string {
  if (typeof answer !== 'string') throw rpcInvalid(`no ${what}`)
  let bytes: Uint8Array
  try {
    bytes = decodeBase58(answer, MAX_HASH_CHARACTERS)
  } catch (cause) {
    throw rpcInvalid(`a ${what} that is not base58`, cause)
  }
  if (bytes.length !== HASH_BYTES) throw rpcInvalid(`a ${what} of ${bytes.length} bytes`)
  return answer
}

/** `{ context: { slot }, value }` */
export function inContext(answer: unknown): { readonly slot: number; readonly value: unknown } {
  const { context, value } = record(answer, 'context')
  return { slot: countOf(record(context, 'context').slot, 'slot'), value }
}

export function latestBlockhashOf(answer: unknown): {
  readonly blockhash: string
  readonly lastValidBlockHeight: number
  readonly slot: number
} {
  const { slot, value } = inContext(answer)
  const { blockhash, lastValidBlockHeight } = record(value, 'blockhash')
  return {
    slot,
    blockhash: hashOf(blockhash, 'blockhash'),
    lastValidBlockHeight: countOf(lastValidBlockHeight, 'last valid height')
  }
}

/** @param count of the addresses that were asked for */
export function accountsOf(answer: unknown, count: number): (RawAccount | undefined)[] {
  const found = list(inContext(answer).value, count, 'accounts')
  if (found.length !== count) throw rpcInvalid(`${found.length} accounts for ${count} addresses`)
  return found.map(account => (account === null ? undefined : rawAccount(account)))
}

export function programAccountsOf(answer: unknown): { readonly address: Address; readonly account: RawAccount }[] {
  return list(answer, MAX_FOUND_ACCOUNTS, 'accounts').map(found => {
    const { pubkey, account } = record(found, 'account')
    return { address: addressOf(pubkey), account: rawAccount(account) }
  })
}

/** The answer to one signature. */
export function statusOf(answer: unknown): PaymentSight['status'] {
  const statuses = list(inContext(answer).value, 1, 'statuses')
  if (statuses.length !== 1) throw rpcInvalid(`${statuses.length} statuses for one signature`)
  const [status] = statuses
  if (status === null) return undefined
  const { confirmationStatus, err } = record(status, 'status')
  if (err === undefined) throw rpcInvalid('a status that does not say whether it failed')
  return { confirmed: CONFIRMED.includes(confirmationStatus), error: err }
}

export function simulationOf(answer: unknown): Simulation {
  const { err, logs, unitsConsumed } = record(inContext(answer).value, 'simulation')
  if (err === undefined) throw rpcInvalid('a simulation that does not say whether it failed')
  return {
    error: err,
    logs: list(logs ?? [], MAX_LOG_LINES, 'log').filter(line => typeof line === 'string'),
    computeUnits: unitsConsumed === undefined ? undefined : countOf(unitsConsumed, 'compute units')
  }
}

/** @returns micro-lamports a compute unit, one for each recent slot */
export function priorityFeesOf(answer: unknown): number[] {
  return list(answer, MAX_FOUND_ACCOUNTS, 'fees').map(fee =>
    countOf(record(fee, 'fee').prioritizationFee, 'prioritization fee')
  )
}

function rawAccount(answer: unknown): RawAccount {
  const { owner, data } = record(answer, 'account')
  const [text, encoding] = list(data, 2, 'account data')
  if (typeof text !== 'string' || encoding !== 'base64') throw rpcInvalid('an account without bytes')
  try {
    return { owner: addressOf(owner), data: decodeBase64(text, MAX_ACCOUNT_CHARACTERS) }
  } catch (cause) {
    throw rpcInvalid('an account that does not decode', cause)
  }
}

function addressOf(answer: unknown): Address {
  return parseAddress(hashOf(answer, 'address'))
}

function record(answer: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof answer !== 'object' || answer === null) throw rpcInvalid(`no ${what}`)
  return answer as Record<string, unknown>
}

function list(answer: unknown, most: number, what: string): unknown[] {
  if (!Array.isArray(answer)) throw rpcInvalid(`no ${what}`)
  if (answer.length > most) throw rpcInvalid(`${answer.length} ${what}, where at most ${most} can be`)
  return answer
}
