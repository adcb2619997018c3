import type { RawAccount } from '../accounts/index.ts'
import type { Address } from '../address/index.ts'
import type { PaymentNode } from '../payment/index.ts'

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** Until when a transaction made now can land. */
export interface Lifetime {
  readonly blockhash: string
  readonly lastValidBlockHeight: number
  /** Of the chain now. */
  readonly height: number
  readonly slot: number
}

/** What running a transaction would do; nothing was sent. */
export interface Simulation {
  /** As Solana's RPC has it; null when it would succeed. */
  readonly error: unknown
  readonly logs: readonly string[]
  readonly computeUnits: number | undefined
}

/** The chain as settlement sees it: over several RPC endpoints, with a deadline on every call. All are `confirmed` state unless said. */
export interface ChainRpc extends PaymentNode {
  /**
   * Genesis hash of the chain, in base58, which tells clusters apart.
   * @throws CraftecError `cluster-mismatch` when endpoints are of different clusters; `rpc-unreachable` | `rpc-invalid` | `aborted`,
   *   as every call here
   */
  cluster(options?: CallOptions): Promise<string>
  /** @throws CraftecError `rpc-invalid` when the endpoints do not agree about the height of the chain */
  lifetime(options?: CallOptions): Promise<Lifetime>
  /** In the order of `addresses`, at most 100; undefined where there is no account. */
  accounts(addresses: readonly Address[], options?: CallOptions): Promise<(RawAccount | undefined)[]>
  /** Accounts of a program with these bytes at these places. */
  programAccounts(
    program: Address,
    filters: { readonly size: number; readonly bytes: readonly { readonly at: number; readonly bytes: Uint8Array }[] },
    options?: CallOptions
  ): Promise<{ readonly address: Address; readonly account: RawAccount }[]>
  simulate(wire: Uint8Array, options?: CallOptions): Promise<Simulation>
  /** What others paid lately to write to these accounts, in micro-lamports a compute unit: the median, 0 if nobody did. */
  priorityFee(writable: readonly Address[], options?: CallOptions): Promise<bigint>
}
