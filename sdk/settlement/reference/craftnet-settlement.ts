/**
 * The reference's CraftNet settlement program, read-only: plans and subscriptions on devnet. Anyone can overwrite a subscription in it,
 * so what it says is shown, not relied on.
 */
import { bool, fixedBytes, i64, struct, u8, u32, u64, vec } from '../../codec/index.ts'
import { accountCodec } from '../accounts/index.ts'
import { type Address, addressCodec } from '../address/index.ts'
import type { AccountReader } from './read-only.ts'

export const CRAFTNET_SETTLEMENT_PROGRAM = '2QQvVc5QmYkLEAFyoVd3hira43NE9qrhjRcuT1hmfMTH' as Address

const MAX_PROOF_HASHES = 32
const MAX_TRANSACTION_BYTES = 1232
/** A proof of Light Protocol and the indexes of its accounts. */
const LIGHT_PARAMS_BYTES = 133
const hash = fixedBytes(32)

export interface CraftnetConfig {
  readonly admin: Address
  readonly paused: boolean
}

export const craftnetConfig: AccountReader<CraftnetConfig> = accountCodec({
  name: 'Config',
  sizeBytes: 41,
  fields: struct({ admin: addressCodec, paused: bool })
})

export interface CraftnetPricingPlan {
  readonly tier: number
  /** 0 monthly, 1 yearly. */
  readonly billingPeriod: number
  /** Base units of USDC. */
  readonly priceUsdc: bigint
  readonly active: boolean
  readonly updatedAt: bigint
}

export const craftnetPricingPlan: AccountReader<CraftnetPricingPlan> = accountCodec({
  name: 'PricingPlan',
  sizeBytes: 27,
  fields: struct({ tier: u8, billingPeriod: u8, priceUsdc: u64, active: bool, updatedAt: i64 })
})

export interface CraftnetSubscription {
  /** An opaque id: it need not be a key. */
  readonly poolPubkey: Uint8Array
  readonly tier: number
  readonly startDate: bigint
  readonly createdAt: bigint
  readonly expiresAt: bigint
  readonly poolBalance: bigint
  readonly originalPoolBalance: bigint
  readonly totalReceipts: bigint
  readonly distributionRoot: Uint8Array
  readonly distributionPosted: boolean
}

export const craftnetSubscription: AccountReader<CraftnetSubscription> = accountCodec({
  name: 'SubscriptionAccount',
  sizeBytes: 122,
  fields: struct({
    poolPubkey: hash,
    tier: u8,
    startDate: i64,
    createdAt: i64,
    expiresAt: i64,
    poolBalance: u64,
    originalPoolBalance: u64,
    totalReceipts: u64,
    distributionRoot: hash,
    distributionPosted: bool
  })
})

/** Arguments by instruction, for `decodeForeignInstruction`. */
export const craftnetInstructions = {
  initialize_config: struct({}),
  create_plan: struct({ tier: u8, billingPeriod: u8, priceUsdc: u64 }),
  update_plan: struct({ newPriceUsdc: u64 }),
  delete_plan: struct({}),
  subscribe: struct({ poolPubkey: hash, tier: u8, paymentAmount: u64, durationSecs: u64, startDate: i64 }),
  post_distribution: struct({
    poolPubkey: hash,
    distributionRoot: hash,
    totalReceipts: u64,
    groth16Proof: vec(u8, MAX_TRANSACTION_BYTES),
    sp1PublicInputs: vec(u8, MAX_TRANSACTION_BYTES)
  }),
  claim: struct({
    poolPubkey: hash,
    relayPubkey: hash,
    relayCount: u64,
    leafIndex: u32,
    merkleProof: vec(hash, MAX_PROOF_HASHES),
    lightParams: fixedBytes(LIGHT_PARAMS_BYTES)
  })
} as const
