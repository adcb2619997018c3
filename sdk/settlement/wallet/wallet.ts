import type { Address } from '../address/index.ts'

/** The cluster a wallet is asked to sign for; `localnet` is any chain on this machine. */
export type Cluster = 'mainnet' | 'devnet' | 'testnet' | 'localnet'

/** A wallet that the page may use; nothing was asked of it yet. */
export interface WalletOffer {
  readonly name: string
  /** A `data:` URL of an image. */
  readonly icon: string
}

/** An account that the user let the page see. Every signature is the user's own decision. */
export interface ConnectedWallet {
  readonly name: string
  readonly address: Address
  /** Whose money it was asked for. */
  readonly cluster: Cluster
  /**
   * @param wire a transaction with empty signatures
   * @returns the same transaction, signed by the account, and nothing changed
   * @throws CraftecError `wallet-rejected` when the user says no, `wallet-invalid` when the wallet signed anything else,
   *   `aborted` (the wallet's own window may stay open)
   */
  sign(wire: Uint8Array, options?: { readonly signal?: AbortSignal | undefined }): Promise<Uint8Array>
  /** The user chose another account, or took the leave back (`undefined`): connect again then. @returns a function that ends it */
  onChange(listener: (address: Address | undefined) => void): () => void
  /** Give the leave back. */
  disconnect(): Promise<void>
}
