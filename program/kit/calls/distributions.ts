/** Calls about distributions and claims. */
import type { Keypair, PublicKey } from '@solana/web3.js'
import type { Tree } from '../merkle.ts'
import { distributionMessage, ed25519Instruction } from '../messages.ts'
import type { Values } from '../values.ts'
import type { Call, Person, World } from '../world.ts'

export interface Posting {
  readonly amount: bigint
  readonly total_weight: bigint
  readonly root: Uint8Array
  readonly entries: number
  readonly mode: number
}

export interface PoolState {
  readonly openedSlot: bigint
  readonly epoch: bigint
}

/** Opening and epoch of a pool of either kind. */
export function poolState(world: World, pool: PublicKey, kind: 'Subscription' | 'CreatorPool'): PoolState {
  const ledger = world.read(kind, pool).ledger as Values
  return { openedSlot: ledger.opened_slot as bigint, epoch: ledger.epoch as bigint }
}

export function postDistribution(
  world: World,
  pool: PublicKey,
  { openedSlot, epoch }: PoolState,
  posting: Posting,
  signers: readonly Keypair[] = world.aggregators.slice(0, 2)
): Call {
  const { poster } = world.people
  const message = distributionMessage({
    program: world.program,
    pool,
    openedSlot,
    epoch,
    amount: posting.amount,
    totalWeight: posting.total_weight,
    root: posting.root,
    entries: posting.entries,
    mode: posting.mode
  })
  return {
    name: 'post_distribution',
    accounts: {
      poster: poster.address,
      config: world.config,
      pool,
      distribution: world.addresses.distribution(pool, openedSlot, epoch)
    },
    args: { ...posting },
    signers: [poster.key],
    before: [ed25519Instruction(signers, message)]
  }
}

export interface ClaimTarget {
  readonly pool: PublicKey
  readonly distribution: PublicKey
  readonly tree: Tree
  readonly index: number
  /** The distribution keeps claim receipts. */
  readonly receipts: boolean
}

export function claim(
  world: World,
  operator: Person,
  { pool, distribution, tree, index, receipts }: ClaimTarget
): Call {
  const receipt = world.addresses.claimReceipt(distribution, index)
  return {
    name: 'claim',
    accounts: {
      operator: operator.address,
      config: world.config,
      pool,
      distribution,
      vault: world.addresses.vault(pool),
      operator_token: operator.token,
      fee_vault: world.feeVault,
      ...(receipts ? { claim_receipt: receipt } : {})
    },
    args: { weight: tree.entries[index]?.weight ?? 0n, index, proof: tree.proof(index) },
    signers: [operator.key]
  }
}

export function closeDistribution(world: World, pool: PublicKey, distribution: PublicKey, payer: Person): Call {
  return {
    name: 'close_distribution',
    accounts: { distribution, pool, rent_payer: world.people.poster.address },
    signers: [payer.key]
  }
}

export function closeClaimReceipt(world: World, operator: Person, distribution: PublicKey, index: number): Call {
  return {
    name: 'close_claim_receipt',
    accounts: {
      operator: operator.address,
      claim_receipt: world.addresses.claimReceipt(distribution, index),
      distribution
    },
    signers: [operator.key]
  }
}
