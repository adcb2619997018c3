/** Calls about plans and subscriptions. */
import type { PublicKey } from '@solana/web3.js'
import type { Call, Person, World } from '../world.ts'

export interface PlanKey {
  readonly service: number
  readonly tier: number
  readonly billing_period: number
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
