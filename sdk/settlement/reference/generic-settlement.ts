/**
 * The reference's generic settlement program, read-only: creator pools and payment channels on devnet. It verifies no voucher
 * signature and posts no distribution, so nothing of value should be sent to it; its accounts can be shown.
 */
import { bool, fixedBytes, i64, option, struct, u8, u16, u32, u64, vec } from '../../codec/index.ts'
import { accountCodec } from '../accounts/index.ts'
import { type Address, addressCodec } from '../address/index.ts'
import type { AccountReader } from './read-only.ts'

export const GENERIC_SETTLEMENT_PROGRAM = '8FgnYTEdbvSkbGQ1gC9Laihv6amobQ4r4kSECPQpY68L' as Address

const MAX_PROOF_HASHES = 32
const hash = fixedBytes(32)
const voucher = { voucherAmount: u64, voucherSeq: u64, voucherSignature: fixedBytes(64) }

export interface GenericConfig {
  readonly admin: Address
  readonly protocolFeeBps: number
  readonly treasury: Address
  readonly paused: boolean
  readonly bump: number
}

export const genericConfig: AccountReader<GenericConfig> = accountCodec({
  name: 'Config',
  sizeBytes: 76,
  fields: struct({ admin: addressCodec, protocolFeeBps: u16, treasury: addressCodec, paused: bool, bump: u8 })
})

export interface GenericCreatorPool {
  readonly creator: Address
  readonly service: number
  readonly poolBalance: bigint
  readonly createdAt: bigint
  readonly currentEpoch: bigint
  readonly epochBalance: bigint
  readonly totalWeight: bigint
  readonly distributionRoot: Uint8Array
  readonly distributionPosted: boolean
  readonly lastDistributionAt: bigint
  readonly bump: number
}

export const genericCreatorPool: AccountReader<GenericCreatorPool> = accountCodec({
  name: 'CreatorPool',
  sizeBytes: 123,
  fields: struct({
    creator: addressCodec,
    service: u8,
    poolBalance: u64,
    createdAt: i64,
    currentEpoch: u64,
    epochBalance: u64,
    totalWeight: u64,
    distributionRoot: hash,
    distributionPosted: bool,
    lastDistributionAt: i64,
    bump: u8
  })
})

export interface GenericPaymentChannel {
  readonly sender: Address
  readonly receiver: Address
  readonly nonce: bigint
  readonly lockedAmount: bigint
  readonly voucherAmount: bigint
  readonly voucherSeq: bigint
  /** 0 while no forced close runs; it can end 2,880 slots later. */
  readonly forceCloseSlot: bigint
  readonly createdAt: bigint
  readonly bump: number
}

export const genericPaymentChannel: AccountReader<GenericPaymentChannel> = accountCodec({
  name: 'PaymentChannel',
  sizeBytes: 121,
  fields: struct({
    sender: addressCodec,
    receiver: addressCodec,
    nonce: u64,
    lockedAmount: u64,
    voucherAmount: u64,
    voucherSeq: u64,
    forceCloseSlot: u64,
    createdAt: i64,
    bump: u8
  })
})

/** Arguments by instruction, for `decodeForeignInstruction`. */
export const genericInstructions = {
  initialize_config: struct({ protocolFeeBps: u16 }),
  update_config: struct({ newFeeBps: option(u16), newAdmin: option(addressCodec), paused: option(bool) }),
  create_creator_pool: struct({ service: u8 }),
  deposit: struct({ amount: u64 }),
  claim: struct({
    operatorPubkey: hash,
    operatorWeight: u64,
    leafIndex: u32,
    merkleProof: vec(hash, MAX_PROOF_HASHES)
  }),
  open_channel: struct({ receiver: addressCodec, nonce: u64, amount: u64 }),
  close_channel: struct(voucher),
  force_close: struct({}),
  update_voucher: struct(voucher)
} as const
