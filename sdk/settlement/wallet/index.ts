export { checkCluster } from './check-cluster.ts'
export { checkSigned } from './signed-transaction.ts'
export { connectWallet, findWallets } from './standard-wallet.ts'
export type { Cluster, ConnectedWallet, WalletOffer } from './wallet.ts'
