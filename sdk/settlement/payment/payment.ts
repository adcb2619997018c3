/** One payment from the moment its bytes are signed until the chain says what became of it. */
import { CraftecError } from '../../errors/index.ts'

/** `open`: it may still happen. The others are final: it happened; the chain refused it; no block can take it any more. */
export type PaymentState = 'open' | 'landed' | 'refused' | 'expired'

export interface Payment {
  /** Genesis hash of the cluster it was signed for, in base58: no other cluster can tell what became of it. */
  readonly cluster: string
  /** What makes two attempts on one cluster the same payment; chosen by whoever pays. */
  readonly key: string
  /** For people: what the wallet was asked to sign. */
  readonly summary: string
  /** Base58 of the fee payer's signature: the transaction's name. A chain takes it once, however often it is sent. */
  readonly signature: string
  /** The signed transaction as it goes over the wire. */
  readonly wire: Uint8Array
  /** Block height and slot of the chain when its blockhash was fetched. */
  readonly fromHeight: number
  readonly fromSlot: number
  /** No block above this height can contain it. */
  readonly lastValidBlockHeight: number
  /** When it was signed, milliseconds since the Unix epoch. */
  readonly createdAt: number
  readonly state: PaymentState
}

/** What one RPC endpoint says of a transaction. The height was read before the status, from the same endpoint. */
export interface PaymentSight {
  /** Of the last block that no fork can undo. */
  readonly finalizedHeight: number
  /** Undefined when the endpoint knows nothing of the transaction. `error` as Solana's RPC has it, null when there was none. */
  readonly status: { readonly confirmed: boolean; readonly error: unknown } | undefined
}

/**
 * Why nobody can say yet what became of a payment:
 * - `not-over`: it can still happen;
 * - `endpoints-silent`: too few RPC endpoints answer to believe them;
 * - `endpoints-disagree`: they contradict each other;
 * - `height-implausible`: the chain cannot have grown by what they say;
 * - `single-endpoint`: nobody confirms what the only endpoint says, and time alone does not prove it yet;
 * - `other-cluster`: it was signed for another cluster than the endpoints are of.
 */
export type PaymentDoubt =
  | 'not-over'
  | 'endpoints-silent'
  | 'endpoints-disagree'
  | 'height-implausible'
  | 'single-endpoint'
  | 'other-cluster'

/** @throws CraftecError `invalid-argument` unless it is 1..200 characters */
export function checkPaymentKey(key: string): void {
  if (typeof key !== 'string' || key.length < 1 || key.length > 200)
    throw new CraftecError('invalid-argument', 'the key of a payment must have 1..200 characters')
}
