import { CraftecError } from '../../errors/index.ts'
import type { Cluster } from './wallet.ts'

/** Genesis hashes of the public clusters (Solana, `solana-cluster-type`; their first halves are CAIP-2's references). */
const PUBLIC: Readonly<Record<Exclude<Cluster, 'localnet'>, string>> = {
  mainnet: '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d',
  devnet: 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG',
  testnet: '4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY'
}

/**
 * A wallet that shows the user one cluster must not sign for another: what looks like play money would be real. And an endpoint
 * that gives itself out for a new cluster must not make payments of the old one look unpaid.
 * @param genesisHash of the cluster that the RPC endpoints are of
 * @throws CraftecError `cluster-mismatch`
 */
export function checkCluster(cluster: Cluster, genesisHash: string): void {
  const isRight =
    cluster === 'localnet' ? !Object.values(PUBLIC).includes(genesisHash) : genesisHash === PUBLIC[cluster]
  if (!isRight)
    throw new CraftecError(
      'cluster-mismatch',
      `the wallet was connected for ${cluster}, but the RPC endpoints are of another cluster; nothing was signed`
    )
}
