/** Every instruction as a well-formed call by the people it concerns. */
import type { Keypair, PublicKey } from '@solana/web3.js'
import type { Tree } from './merkle.ts'
import { distributionMessage, ed25519Instruction, voucherMessage } from './messages.ts'
import type { Values } from './values.ts'
import type { Call, Person, World } from './world.ts'

export interface PlanKey {
  readonly service: number
  readonly tier: number
  readonly billing_period: number
}

export interface ChannelKey {
  readonly sender: Person
  readonly receiver: Person
  readonly nonce: bigint
}

const NO_UPDATE: Values = {
  epoch_secs: null,
  force_close_delay_secs: null,
  claim_window_secs: null,
  withdrawal_delay_secs: null,
  fee_bps: null,
  quorum: null,
  new_admin: null
}

export function updateConfig(world: World, update: Values, admin = world.people.admin): Call {
  return {
    name: 'update_config',
    accounts: { admin: admin.address, config: world.config },
    args: { update: { ...NO_UPDATE, ...update } },
    signers: [admin.key]
  }
}

export function acceptAdmin(world: World, person: Person): Call {
  return { name: 'accept_admin', accounts: { new_admin: person.address, config: world.config }, signers: [person.key] }
}

export function setTreasury(world: World, treasury: PublicKey, admin = world.people.admin): Call {
  return {
    name: 'set_treasury',
    accounts: { admin: admin.address, config: world.config, treasury },
    signers: [admin.key]
  }
}

export function setPaused(world: World, paused: boolean, admin = world.people.admin): Call {
  return {
    name: paused ? 'pause' : 'unpause',
    accounts: { admin: admin.address, config: world.config },
    signers: [admin.key]
  }
}

export function collectFees(world: World, payer: Person, treasury: PublicKey): Call {
  return {
    name: 'collect_fees',
    accounts: { config: world.config, fee_vault: world.feeVault, treasury },
    signers: [payer.key]
  }
}

function planAddress(world: World, { service, tier, billing_period }: PlanKey): PublicKey {
  return world.addresses.plan(service, tier, billing_period)
}

export function createPlan(world: World, plan: PlanKey, price: bigint, admin = world.people.admin): Call {
  return {
    name: 'create_plan',
    accounts: { admin: admin.address, config: world.config, plan: planAddress(world, plan) },
    args: { price, ...plan },
    signers: [admin.key]
  }
}

export function updatePlan(world: World, plan: PlanKey, price: bigint, active: boolean): Call {
  const { admin } = world.people
  return {
    name: 'update_plan',
    accounts: { admin: admin.address, config: world.config, plan: planAddress(world, plan) },
    args: { price, active },
    signers: [admin.key]
  }
}

export function deletePlan(world: World, plan: PlanKey): Call {
  const { admin } = world.people
  return {
    name: 'delete_plan',
    accounts: { admin: admin.address, config: world.config, plan: planAddress(world, plan), rent_payer: admin.address },
    signers: [admin.key]
  }
}

export function subscribe(world: World, subscriber: Person, poolId: Uint8Array, plan: PlanKey, price: bigint): Call {
  const subscription = world.addresses.subscription(subscriber.address, poolId)
  return {
    name: 'subscribe',
    accounts: {
      subscriber: subscriber.address,
      config: world.config,
      plan: planAddress(world, plan),
      subscription,
      vault: world.addresses.vault(subscription),
      subscriber_token: subscriber.token,
      mint: world.mint
    },
    args: { pool_id: poolId, price },
    signers: [subscriber.key]
  }
}

export function renew(world: World, subscriber: Person, poolId: Uint8Array, plan: PlanKey, price: bigint): Call {
  const subscription = world.addresses.subscription(subscriber.address, poolId)
  return {
    name: 'renew',
    accounts: {
      subscriber: subscriber.address,
      config: world.config,
      plan: planAddress(world, plan),
      subscription,
      vault: world.addresses.vault(subscription),
      subscriber_token: subscriber.token
    },
    args: { price },
    signers: [subscriber.key]
  }
}

/** `cancel` and `close_subscription` concern the same accounts. */
function endSubscription(world: World, name: string, subscriber: Person, poolId: Uint8Array): Call {
  const subscription = world.addresses.subscription(subscriber.address, poolId)
  return {
    name,
    accounts: {
      subscriber: subscriber.address,
      config: world.config,
      subscription,
      vault: world.addresses.vault(subscription),
      subscriber_token: subscriber.token
    },
    signers: [subscriber.key]
  }
}

export function cancel(world: World, subscriber: Person, poolId: Uint8Array): Call {
  return endSubscription(world, 'cancel', subscriber, poolId)
}

export function closeSubscription(world: World, subscriber: Person, poolId: Uint8Array): Call {
  return endSubscription(world, 'close_subscription', subscriber, poolId)
}

export function createCreatorPool(world: World, creator: Person, service = 1): Call {
  const pool = world.addresses.creatorPool(creator.address)
  return {
    name: 'create_creator_pool',
    accounts: {
      creator: creator.address,
      config: world.config,
      creator_pool: pool,
      vault: world.addresses.vault(pool),
      mint: world.mint
    },
    args: { service },
    signers: [creator.key]
  }
}

export function deposit(world: World, depositor: Person, creator: Person, amount: bigint): Call {
  const pool = world.addresses.creatorPool(creator.address)
  return {
    name: 'deposit',
    accounts: {
      depositor: depositor.address,
      config: world.config,
      creator_pool: pool,
      vault: world.addresses.vault(pool),
      depositor_token: depositor.token
    },
    args: { amount },
    signers: [depositor.key]
  }
}

export interface Funding {
  readonly content_id: Uint8Array
  readonly amount: bigint
  readonly expires_at: bigint
  readonly tier: number
}

export function fundContent(world: World, creator: Person, funding: Funding): Call {
  const pool = world.addresses.creatorPool(creator.address)
  return {
    name: 'fund_content',
    accounts: {
      creator: creator.address,
      config: world.config,
      creator_pool: pool,
      content_fund: world.addresses.contentFund(pool, funding.content_id),
      vault: world.addresses.vault(pool),
      creator_token: creator.token
    },
    args: { ...funding },
    signers: [creator.key]
  }
}

export function closeContentFund(world: World, creator: Person, contentId: Uint8Array): Call {
  const pool = world.addresses.creatorPool(creator.address)
  return {
    name: 'close_content_fund',
    accounts: { creator: creator.address, content_fund: world.addresses.contentFund(pool, contentId) },
    signers: [creator.key]
  }
}

export function requestWithdrawal(world: World, creator: Person, amount: bigint): Call {
  const pool = world.addresses.creatorPool(creator.address)
  return {
    name: 'request_withdrawal',
    accounts: { creator: creator.address, config: world.config, creator_pool: pool },
    args: { amount },
    signers: [creator.key]
  }
}

/** `withdraw` and `close_creator_pool` concern the same accounts. */
function emptyPool(world: World, name: string, creator: Person): Call {
  const pool = world.addresses.creatorPool(creator.address)
  return {
    name,
    accounts: {
      creator: creator.address,
      config: world.config,
      creator_pool: pool,
      vault: world.addresses.vault(pool),
      creator_token: creator.token
    },
    signers: [creator.key]
  }
}

export function withdraw(world: World, creator: Person): Call {
  return emptyPool(world, 'withdraw', creator)
}

export function closeCreatorPool(world: World, creator: Person): Call {
  return emptyPool(world, 'close_creator_pool', creator)
}

export function channelAddress(world: World, { sender, receiver, nonce }: ChannelKey): PublicKey {
  return world.addresses.channel(sender.address, receiver.address, nonce)
}

export interface ChannelTerms {
  readonly amount: bigint
  readonly expires_at: bigint
  readonly voucher_signer: PublicKey
}

export function openChannel(world: World, key: ChannelKey, terms: ChannelTerms): Call {
  const channel = channelAddress(world, key)
  return {
    name: 'open_channel',
    accounts: {
      sender: key.sender.address,
      config: world.config,
      channel,
      vault: world.addresses.vault(channel),
      receiver: key.receiver.address,
      sender_token: key.sender.token,
      mint: world.mint
    },
    args: { nonce: key.nonce, ...terms },
    signers: [key.sender.key]
  }
}

export function topUp(world: World, key: ChannelKey, amount: bigint): Call {
  const channel = channelAddress(world, key)
  return {
    name: 'top_up',
    accounts: {
      sender: key.sender.address,
      config: world.config,
      channel,
      vault: world.addresses.vault(channel),
      sender_token: key.sender.token
    },
    args: { amount },
    signers: [key.sender.key]
  }
}

export interface Pair {
  readonly seq: bigint
  readonly amount: bigint
}

/** The Ed25519 instruction of a voucher for the channel as it is open now. */
export function signVoucher(world: World, channel: PublicKey, voucherKey: Keypair, pair: Pair): Call['before'] {
  const openedSlot = world.read('PaymentChannel', channel).opened_slot as bigint
  const message = voucherMessage({ program: world.program, channel, openedSlot, ...pair })
  return [ed25519Instruction([voucherKey], message)]
}

export function updateVoucher(world: World, key: ChannelKey, voucherKey: Keypair, pair: Pair, payer: Person): Call {
  const channel = channelAddress(world, key)
  return {
    name: 'update_voucher',
    accounts: { channel },
    args: { ...pair },
    signers: [payer.key],
    before: signVoucher(world, channel, voucherKey, pair) ?? []
  }
}

/** @param voucherKey none settles the recorded pair, which needs no signature */
export function closeChannel(world: World, key: ChannelKey, pair: Pair, voucherKey?: Keypair): Call {
  const channel = channelAddress(world, key)
  return {
    name: 'close_channel',
    accounts: { ...settlementAccounts(world, key), receiver: key.receiver.address },
    args: { ...pair },
    signers: [key.receiver.key],
    before: (voucherKey === undefined ? undefined : signVoucher(world, channel, voucherKey, pair)) ?? []
  }
}

export function requestForceClose(world: World, key: ChannelKey): Call {
  return {
    name: 'request_force_close',
    accounts: { sender: key.sender.address, channel: channelAddress(world, key) },
    signers: [key.sender.key]
  }
}

export function forceClose(world: World, key: ChannelKey): Call {
  return { name: 'force_close', accounts: settlementAccounts(world, key), signers: [key.sender.key] }
}

function settlementAccounts(world: World, key: ChannelKey): Record<string, PublicKey> {
  const channel = channelAddress(world, key)
  return {
    config: world.config,
    channel,
    vault: world.addresses.vault(channel),
    receiver_token: key.receiver.token,
    sender_token: key.sender.token,
    fee_vault: world.feeVault,
    sender: key.sender.address
  }
}

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
