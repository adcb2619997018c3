/** Events of the program, as its logs carry them (docs/protocol/settlement.md, "Events"). */
import {
  type BorshCodec,
  type BorshValue,
  bool,
  fixedBytes,
  i64,
  struct,
  u8,
  u16,
  u32,
  u64
} from '../../codec/index.ts'
import { addressCodec as address } from '../address/index.ts'

const hash = fixedBytes(32)

export const eventCodecs = {
  ConfigChanged: struct({
    admin: address,
    pendingAdmin: address,
    treasury: address,
    epochSecs: i64,
    forceCloseDelaySecs: i64,
    claimWindowSecs: i64,
    withdrawalDelaySecs: i64,
    feeBps: u16,
    paused: bool,
    quorumThreshold: u8
  }),
  FeesCollected: struct({ treasury: address, amount: u64 }),
  PlanChanged: struct({ plan: address, price: u64, service: u8, tier: u8, billingPeriod: u8, active: bool }),
  PlanDeleted: struct({ plan: address }),
  Subscribed: struct({
    subscription: address,
    subscriber: address,
    paid: u64,
    balance: u64,
    expiresAt: i64,
    service: u8,
    tier: u8,
    billingPeriod: u8
  }),
  SubscriptionCancelled: struct({ subscription: address, refund: u64, expiresAt: i64 }),
  SubscriptionClosed: struct({ subscription: address, refund: u64 }),
  CreatorPoolCreated: struct({ pool: address, creator: address, service: u8 }),
  PoolDeposited: struct({ pool: address, depositor: address, amount: u64, balance: u64 }),
  ContentFunded: struct({ pool: address, contentId: hash, amount: u64, total: u64, expiresAt: i64, tier: u8 }),
  WithdrawalRequested: struct({ pool: address, amount: u64, readyAt: i64 }),
  PoolWithdrawn: struct({ pool: address, amount: u64, balance: u64 }),
  CreatorPoolClosed: struct({ pool: address }),
  ChannelOpened: struct({
    channel: address,
    sender: address,
    receiver: address,
    voucherSigner: address,
    openedSlot: u64,
    deposited: u64,
    expiresAt: i64
  }),
  ChannelToppedUp: struct({ channel: address, amount: u64, deposited: u64 }),
  VoucherUpdated: struct({ channel: address, amount: u64, seq: u64 }),
  ForceCloseRequested: struct({ channel: address, closesAt: i64 }),
  ChannelClosed: struct({ channel: address, receiverPayout: u64, protocolFee: u64, senderRefund: u64, forced: bool }),
  DistributionPosted: struct({
    distribution: address,
    pool: address,
    root: hash,
    epoch: u64,
    amount: u64,
    totalWeight: u64,
    entries: u32,
    mode: u8
  }),
  RewardsClaimed: struct({
    distribution: address,
    operator: address,
    grossPayout: u64,
    protocolFee: u64,
    netPayout: u64,
    index: u32
  }),
  DistributionClosed: struct({ distribution: address, pool: address, returned: u64 })
} as const satisfies Readonly<Record<string, BorshCodec<unknown>>>

type Codecs = typeof eventCodecs
export type EventName = keyof Codecs

/** A union over all events, told apart by `name`. */
export type SettlementEvent = {
  readonly [Name in EventName]: { readonly name: Name; readonly fields: BorshValue<Codecs[Name]> }
}[EventName]
