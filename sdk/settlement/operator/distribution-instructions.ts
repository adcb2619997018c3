import { fixedBytes, struct, u8, u32, u64 } from '../../codec/index.ts'
import type { Address, DistributionKey, SettlementAddresses } from '../address/index.ts'
import { defineInstruction, type Instruction } from '../instructions/index.ts'

export const distributionDefinitions = {
  postDistribution: defineInstruction(
    'post_distribution',
    { poster: 'ws', config: 'r', pool: 'w', distribution: 'w', instructions: 'r', systemProgram: 'r' },
    struct({ amount: u64, totalWeight: u64, root: fixedBytes(32), entries: u32, mode: u8 })
  ),
  closeDistribution: defineInstruction(
    'close_distribution',
    { distribution: 'w', pool: 'w', rentPayer: 'w' },
    struct({})
  )
} as const

/** What is shared out, and by which tree. */
export interface DistributionTerms {
  /** Base units. */
  readonly amount: bigint
  readonly totalWeight: bigint
  readonly root: Uint8Array
  readonly entries: number
  /** 0 bitmap, 1 receipts. */
  readonly mode: number
}

/** Share a part of a pool out. The instruction of `quorumCheck` must stand directly before this one. */
export function postDistribution(
  at: SettlementAddresses,
  given: DistributionKey & DistributionTerms & { readonly poster: Address }
): Instruction {
  const { poster, pool, amount, totalWeight, root, entries, mode } = given
  const accounts = { poster, config: at.config(), pool, distribution: at.distribution(given) }
  return distributionDefinitions.postDistribution.build(at.program, accounts, {
    amount,
    totalWeight,
    root,
    entries,
    mode
  })
}

/** Close one that is over; what nobody claimed returns to its pool. */
export function closeDistribution(
  at: SettlementAddresses,
  given: { readonly distribution: Address; readonly pool: Address; readonly rentPayer: Address }
): Instruction {
  return distributionDefinitions.closeDistribution.build(at.program, given, {})
}
