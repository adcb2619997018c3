/** The ways into settlement that need a wallet or the network. What they bring is loaded when they are first called. */
import type { Settlement, SettlementOptions } from './client/index.ts'
import type { Cluster, ConnectedWallet, WalletOffer } from './wallet/index.ts'

/**
 * Nothing is asked of the network before it is needed.
 * @throws CraftecError `invalid-argument` for endpoints that are not safe addresses, `storage-unavailable` without IndexedDB
 */
export async function createSettlement(options: SettlementOptions): Promise<Settlement> {
  const client = await import('./client/index.ts')
  return client.createSettlement(options)
}

/**
 * Wallets that can sign transactions of this cluster, in the order in which they registered.
 * @param onMore told of the list whenever a wallet registers or leaves
 * @returns the list of now, and a function that ends the telling
 */
export async function findWallets(
  cluster: Cluster,
  onMore?: (offers: WalletOffer[]) => void
): Promise<{ readonly offers: WalletOffer[]; readonly stop: () => void }> {
  const wallet = await import('./wallet/index.ts')
  return wallet.findWallets(cluster, onMore)
}

/**
 * Ask the user for an account.
 * @param options.silent only if the user agreed before: no window opens
 * @throws CraftecError `wallet-rejected`, `wallet-unavailable` when it has no account for this cluster, `invalid-argument`
 */
export async function connectWallet(
  offer: WalletOffer,
  options: { readonly cluster: Cluster; readonly silent?: boolean; readonly signal?: AbortSignal | undefined }
): Promise<ConnectedWallet> {
  const wallet = await import('./wallet/index.ts')
  return wallet.connectWallet(offer, options)
}
