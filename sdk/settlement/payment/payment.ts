/**
 * One payment from the moment its bytes are signed until the chain says what became of it. Nothing here sends or waits: the rule
 * that a payment is never made twice is in `nextStep` and in what a {@link PaymentLog} takes.
 */
import { CraftecError } from '../../errors/index.ts'

/** `open`: it may still happen. The others are final: it happened; the chain refused it; no block can take it any more. */
export type PaymentState = 'open' | 'landed' | 'refused' | 'expired'

export interface Payment {
  /** What makes two attempts the same payment; chosen by whoever pays. */
  readonly key: string
  /** For people: what the wallet was asked to sign. */
  readonly summary: string
  /** Base58 of the fee payer's signature: the transaction's name. A chain takes it once, however often it is sent. */
  readonly signature: string
  /** The signed transaction as it goes over the wire. */
  readonly wire: Uint8Array
  /** No block above this height can contain it. */
  readonly lastValidBlockHeight: number
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number
  readonly state: PaymentState
}

/** What an RPC node says of a transaction. The height was read before the status, from the same node. */
export interface PaymentSight {
  /** Of the last block that no fork can undo. */
  readonly finalizedHeight: number
  /** Undefined when the node knows nothing of the transaction. `error` as Solana's RPC has it, null when there was none. */
  readonly status: { readonly confirmed: boolean; readonly error: unknown } | undefined
}

export type PaymentStep = 'resend' | 'wait' | Exclude<PaymentState, 'open'>

/** An RPC node that is a few blocks behind itself, as those behind load balancers are, must not make a payment look dead. */
const HEIGHT_MARGIN = 32

/**
 * What to do about an open payment. It counts as expired only when a block that cannot be undone lies past its last one and the
 * node that says so has not seen it: before that, a new transaction for the same purpose could be a second payment.
 */
export function nextStep(payment: Payment, { finalizedHeight, status }: PaymentSight): PaymentStep {
  if (status?.confirmed) return status.error === null ? 'landed' : 'refused'
  if (status !== undefined) return 'wait'
  return finalizedHeight > payment.lastValidBlockHeight + HEIGHT_MARGIN ? 'expired' : 'resend'
}

/** @throws CraftecError `invalid-argument` unless it is 1..200 characters */
export function checkPaymentKey(key: string): void {
  if (typeof key !== 'string' || key.length < 1 || key.length > 200)
    throw new CraftecError('invalid-argument', 'the key of a payment must have 1..200 characters')
}
