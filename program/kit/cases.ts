/** For every instruction of the description: a world prepared for it, and a call that succeeds there. */
import type { Keypair, PublicKey } from '@solana/web3.js'
import * as calls from './calls/index.ts'
import { Tree } from './merkle.ts'
import {
  type Call,
  DAY,
  FORCE_CLOSE_DELAY_SECS,
  initializeConfig,
  keyOf,
  WITHDRAWAL_DELAY_SECS,
  World
} from './world.ts'

export const PLAN: calls.PlanKey = { service: 1, tier: 2, billing_period: 0 }
export const PRICE = 5_000_000n
export const POOL_ID = new Uint8Array(32).fill(7)
export const CONTENT_ID = new Uint8Array(32).fill(9)
export const DEPOSIT = 40_000_000n
export const VOUCHER_KEY: Keypair = keyOf('voucher key')
export const PERIOD = 30n * DAY

export interface Case {
  readonly world: World
  readonly call: Call
}

type Prepare = (world: World) => Call

/** Alice pays Bob. */
export function channelOf(world: World): calls.ChannelKey {
  return { sender: world.people.alice, receiver: world.people.bob, nonce: 1n }
}

export function openDefaultChannel(world: World, expires_at = 0n): calls.ChannelKey {
  const key = channelOf(world)
  world.must(calls.openChannel(world, key, { amount: DEPOSIT, expires_at, voucher_signer: VOUCHER_KEY.publicKey }))
  world.runtime.advance(1n)
  return key
}

export function openSubscription(world: World): void {
  world.must(calls.createPlan(world, PLAN, PRICE))
  world.must(calls.subscribe(world, world.people.alice, POOL_ID, PLAN, PRICE))
  world.runtime.advance(1n)
}

/** Carol's pool, with a deposit. */
export function openPool(world: World): PublicKey {
  world.must(calls.createCreatorPool(world, world.people.carol))
  world.must(calls.deposit(world, world.people.alice, world.people.carol, DEPOSIT))
  world.runtime.advance(DAY)
  return world.addresses.creatorPool(world.people.carol.address)
}

export function operatorsTree(world: World): Tree {
  const { alice, bob, mallory } = world.people
  return new Tree([
    { operator: alice.address, weight: 60n },
    { operator: bob.address, weight: 30n },
    { operator: mallory.address, weight: 10n }
  ])
}

export interface Posted {
  readonly pool: PublicKey
  readonly distribution: PublicKey
  readonly tree: Tree
}

/** Posts a distribution of a pool as the pool is now. @returns its address */
export function postNow(
  world: World,
  pool: PublicKey,
  terms: calls.Posting,
  kind: 'Subscription' | 'CreatorPool' = 'CreatorPool'
): PublicKey {
  const state = calls.poolState(world, pool, kind)
  world.must(calls.postDistribution(world, pool, state, terms))
  return world.addresses.distribution(pool, state.openedSlot, state.epoch)
}

/** A distribution of the whole deposit of Carol's pool. */
export function postDefault(world: World, mode: number, tree = operatorsTree(world)): Posted {
  const pool = openPool(world)
  return { pool, distribution: postNow(world, pool, posting(tree, mode)), tree }
}

export function posting(tree: Tree, mode: number, amount = DEPOSIT): calls.Posting {
  return { amount, total_weight: tree.totalWeight, root: tree.root, entries: tree.entries.length, mode }
}

function fill(world: World): void {
  const key = openDefaultChannel(world)
  world.must(calls.closeChannel(world, key, { seq: 1n, amount: 10_000_000n }, VOUCHER_KEY))
}

const PREPARE: Readonly<Record<string, Prepare>> = {
  update_config: world => calls.updateConfig(world, { fee_bps: 300, new_admin: world.people.bob.address }),
  accept_admin: world => {
    world.must(calls.updateConfig(world, { new_admin: world.people.bob.address }))
    return calls.acceptAdmin(world, world.people.bob)
  },
  set_treasury: world => calls.setTreasury(world, world.people.carol.token),
  pause: world => calls.setPaused(world, true),
  unpause: world => {
    world.must(calls.setPaused(world, true))
    return calls.setPaused(world, false)
  },
  collect_fees: world => {
    fill(world)
    return calls.collectFees(world, world.people.mallory, world.people.poster.token)
  },
  create_plan: world => calls.createPlan(world, PLAN, PRICE),
  update_plan: world => {
    world.must(calls.createPlan(world, PLAN, PRICE))
    return calls.updatePlan(world, PLAN, PRICE + 1n, false)
  },
  delete_plan: world => {
    world.must(calls.createPlan(world, PLAN, PRICE))
    return calls.deletePlan(world, PLAN)
  },
  subscribe: world => {
    world.must(calls.createPlan(world, PLAN, PRICE))
    return calls.subscribe(world, world.people.alice, POOL_ID, PLAN, PRICE)
  },
  renew: world => {
    openSubscription(world)
    return calls.renew(world, world.people.alice, POOL_ID, PLAN, PRICE)
  },
  cancel: world => {
    openSubscription(world)
    world.must(calls.renew(world, world.people.alice, POOL_ID, PLAN, PRICE))
    return calls.cancel(world, world.people.alice, POOL_ID)
  },
  close_subscription: world => {
    openSubscription(world)
    world.runtime.advance(PERIOD + 31n * DAY)
    return calls.closeSubscription(world, world.people.alice, POOL_ID)
  },
  create_creator_pool: world => calls.createCreatorPool(world, world.people.carol),
  deposit: world => {
    openPool(world)
    return calls.deposit(world, world.people.bob, world.people.carol, DEPOSIT)
  },
  fund_content: world => {
    openPool(world)
    return calls.fundContent(world, world.people.carol, {
      content_id: CONTENT_ID,
      amount: PRICE,
      expires_at: world.runtime.time + PERIOD,
      tier: 2
    })
  },
  close_content_fund: world => {
    openPool(world)
    const expires_at = world.runtime.time + PERIOD
    world.must(
      calls.fundContent(world, world.people.carol, { content_id: CONTENT_ID, amount: PRICE, expires_at, tier: 2 })
    )
    world.runtime.advance(PERIOD)
    return calls.closeContentFund(world, world.people.carol, CONTENT_ID)
  },
  request_withdrawal: world => {
    openPool(world)
    return calls.requestWithdrawal(world, world.people.carol, DEPOSIT)
  },
  withdraw: world => {
    openPool(world)
    world.must(calls.requestWithdrawal(world, world.people.carol, DEPOSIT))
    world.runtime.advance(WITHDRAWAL_DELAY_SECS)
    return calls.withdraw(world, world.people.carol)
  },
  close_creator_pool: world => {
    world.must(calls.createCreatorPool(world, world.people.carol))
    world.runtime.advance(1n)
    return calls.closeCreatorPool(world, world.people.carol)
  },
  open_channel: world =>
    calls.openChannel(world, channelOf(world), {
      amount: DEPOSIT,
      expires_at: world.runtime.time + PERIOD,
      voucher_signer: VOUCHER_KEY.publicKey
    }),
  top_up: world => calls.topUp(world, openDefaultChannel(world), PRICE),
  update_voucher: world =>
    calls.updateVoucher(world, openDefaultChannel(world), VOUCHER_KEY, { seq: 1n, amount: PRICE }, world.people.carol),
  close_channel: world => calls.closeChannel(world, openDefaultChannel(world), { seq: 1n, amount: PRICE }, VOUCHER_KEY),
  request_force_close: world => calls.requestForceClose(world, openDefaultChannel(world)),
  force_close: world => {
    const key = openDefaultChannel(world)
    world.must(calls.updateVoucher(world, key, VOUCHER_KEY, { seq: 1n, amount: PRICE }, world.people.bob))
    world.must(calls.requestForceClose(world, key))
    world.runtime.advance(FORCE_CLOSE_DELAY_SECS)
    return calls.forceClose(world, key)
  },
  post_distribution: world => {
    const pool = openPool(world)
    const state = calls.poolState(world, pool, 'CreatorPool')
    return calls.postDistribution(world, pool, state, posting(operatorsTree(world), 0))
  },
  claim: world => {
    const posted = postDefault(world, 1)
    return calls.claim(world, world.people.alice, { ...posted, index: 0, receipts: true })
  },
  close_distribution: world => {
    const { pool, distribution } = postDefault(world, 0)
    world.runtime.advance(31n * DAY)
    return calls.closeDistribution(world, pool, distribution, world.people.mallory)
  },
  close_claim_receipt: world => {
    const posted = postDefault(world, 1)
    world.must(calls.claim(world, world.people.alice, { ...posted, index: 0, receipts: true }))
    world.runtime.advance(31n * DAY)
    world.must(calls.closeDistribution(world, posted.pool, posted.distribution, world.people.poster))
    return calls.closeClaimReceipt(world, world.people.alice, posted.distribution, 0)
  }
}

/**
 * @param start a configured world; a fresh one if none is given
 * @throws Error for an instruction that has no case: the tests ask for every one of the description
 */
export function caseOf(name: string, start?: World): Case {
  if (name === 'initialize_config') {
    const world = World.bare()
    return { world, call: initializeConfig(world) }
  }
  const prepare = PREPARE[name]
  if (prepare === undefined) throw new Error(`no case for ${name}: add one`)
  const world = start ?? World.create()
  return { world, call: prepare(world) }
}
