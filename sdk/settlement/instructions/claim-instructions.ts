import { fixedBytes, struct, u32, u64, vec } from '../../codec/index.ts'
import type { Address, SettlementAddresses } from '../address/index.ts'
import { defineInstruction, type Instruction } from './instruction.ts'

/** 2^32 entries have proofs of 32 hashes. */
const MAX_PROOF_HASHES = 32
const RECEIPTS = 1

export const claimDefinitions = {
  claim: defineInstruction(
    'claim',
    {
      operator: 'ws',
      config: 'r',
      pool: 'w',
      distribution: 'w',
      vault: 'w',
      operatorToken: 'w',
      feeVault: 'w',
      claimReceipt: 'w',
      tokenProgram: 'r',
      systemProgram: 'r'
    },
    struct({ weight: u64, index: u32, proof: vec(fixedBytes(32), MAX_PROOF_HASHES) })
  ),
  closeClaimReceipt: defineInstruction(
    'close_claim_receipt',
    { operator: 'w', claimReceipt: 'w', distribution: 'r' },
    struct({})
  )
} as const

/** One operator's entry, with its proof. */
export interface Claim {
  readonly distribution: Address
  /** As the distribution's account names them. */
  readonly pool: Address
  readonly mode: number
  readonly operator: Address
  /** A token account that the operator owns. */
  readonly operatorToken: Address
  readonly weight: bigint
  readonly index: number
  readonly proof: readonly Uint8Array[]
}

/** Take one's share. */
export function claim(at: SettlementAddresses, given: Claim): Instruction {
  const { operator, operatorToken, pool, distribution, mode, weight, index, proof } = given
  const config = at.config()
  const accounts = {
    operator,
    config,
    pool,
    distribution,
    vault: at.vault(pool),
    operatorToken,
    feeVault: at.vault(config),
    // Anchor's form of an optional account that is absent.
    claimReceipt: mode === RECEIPTS ? at.claimReceipt(distribution, index) : at.program
  }
  const instruction = claimDefinitions.claim.build(at.program, accounts, { weight, index, proof })
  if (mode === RECEIPTS) return instruction
  return {
    ...instruction,
    accounts: instruction.accounts.map(meta => (meta.address === at.program ? { ...meta, writable: false } : meta))
  }
}

/** Close a receipt whose distribution is closed; the rent returns to its operator. */
export function closeClaimReceipt(
  at: SettlementAddresses,
  given: { readonly operator: Address; readonly distribution: Address; readonly index: number }
): Instruction {
  const { operator, distribution, index } = given
  const accounts = { operator, claimReceipt: at.claimReceipt(distribution, index), distribution }
  return claimDefinitions.closeClaimReceipt.build(at.program, accounts, {})
}
