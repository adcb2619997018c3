import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChain } from '../../chain/index.ts'
import { measureComputeUnits } from '../../program/kit/index.ts'

export interface SettlementParameters {
  readonly url: string
  /** Of the funded test wallet. */
  readonly seed: readonly number[]
  /** Of each instruction of the program: as it runs now, and as it was recorded. */
  readonly computeUnits: readonly { readonly name: string; readonly measured: number; readonly recorded: number }[]
}

const TABLE = join(import.meta.dirname, '../../program/compute-units.json')

export async function serve(): Promise<{ parameters: SettlementParameters; close(): Promise<void> }> {
  const recorded = JSON.parse(readFileSync(TABLE, 'utf8')) as Record<string, number>
  const computeUnits = Object.entries(measureComputeUnits()).map(([name, measured]) => ({
    name,
    measured,
    recorded: recorded[name] ?? 0
  }))
  const chain = await startChain({ requestsPerSecond: 100_000 })
  return {
    parameters: { url: chain.url, seed: [...chain.wallet.secretKey], computeUnits },
    close: () => chain.stop()
  }
}
