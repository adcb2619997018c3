import { startChain } from '../../chain/index.ts'

export interface SettlementParameters {
  readonly url: string
  /** Of the funded test wallet. */
  readonly seed: readonly number[]
}

export async function serve(): Promise<{ parameters: SettlementParameters; close(): Promise<void> }> {
  const chain = await startChain({ requestsPerSecond: 100_000 })
  return {
    parameters: { url: chain.url, seed: [...chain.wallet.secretKey] },
    close: () => chain.stop()
  }
}
