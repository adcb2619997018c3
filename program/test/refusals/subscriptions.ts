import {
  type Call,
  CLAIM_WINDOW_SECS,
  calls,
  caseOf,
  openSubscription,
  PERIOD,
  PLAN,
  POOL_ID,
  PRICE,
  World
} from '../../kit/index.ts'
import { attempted, type Refusal, refused } from './refusal.ts'

const YEARLY = { ...PLAN, billing_period: 1 }

/** A subscription of Alice's, and then something else. */
function subscribed(error: string, when: string, next: (world: World) => Call): Refusal {
  return attempted(error, when, () => {
    const world = World.create()
    openSubscription(world)
    return world.send(next(world))
  })
}

export const subscriptions: readonly Refusal[] = [
  refused('subscribe', 'PriceChanged', 'for less than the price', world =>
    calls.subscribe(world, world.people.alice, POOL_ID, PLAN, PRICE - 1n)
  ),
  refused('subscribe', 'PriceChanged', 'for more than the price', world =>
    calls.subscribe(world, world.people.alice, POOL_ID, PLAN, PRICE + 1n)
  ),
  refused('subscribe', 'PlanInactive', 'to a plan that is not sold', (world, call) => {
    world.must(calls.updatePlan(world, PLAN, PRICE, false))
    return call
  }),
  refused('subscribe', 'InvalidAccount', 'to a plan that was deleted', (world, call) => {
    world.must(calls.deletePlan(world, PLAN))
    return call
  }),
  refused('subscribe', 'Paused', 'while paused', (world, call) => {
    world.must(calls.setPaused(world, true))
    return call
  }),
  refused('subscribe', 'WrongMint', 'with another mint', (world, call) => ({
    accounts: { ...call.accounts, mint: world.people.alice.token }
  })),
  subscribed('AlreadyInitialized', 'subscribe: over a live subscription', world =>
    calls.subscribe(world, world.people.alice, POOL_ID, PLAN, PRICE)
  ),
  attempted('InvalidAddress', "subscribe: at another's subscription", () => {
    const { world, call } = caseOf('subscribe')
    world.must(call)
    const { mallory } = world.people
    const accounts = { ...call.accounts, subscriber: mallory.address, subscriber_token: mallory.token }
    return world.send({ ...call, accounts, signers: [mallory.key] })
  }),
  refused('renew', 'NotAuthorized', 'by a stranger', (world, call) => ({
    accounts: {
      ...call.accounts,
      subscriber: world.people.mallory.address,
      subscriber_token: world.people.mallory.token
    },
    signers: [world.people.mallory.key]
  })),
  refused('renew', 'Paused', 'while paused', (world, call) => {
    world.must(calls.setPaused(world, true))
    return call
  }),
  refused('renew', 'WrongPlan', 'by another plan', world => {
    world.must(calls.createPlan(world, YEARLY, PRICE))
    return calls.renew(world, world.people.alice, POOL_ID, YEARLY, PRICE)
  }),
  refused('renew', 'PriceChanged', 'for the old price', (world, call) => {
    world.must(calls.updatePlan(world, PLAN, PRICE + 1n, true))
    return call
  }),
  refused('renew', 'PlanInactive', 'of a plan no longer sold', (world, call) => {
    world.must(calls.updatePlan(world, PLAN, PRICE, false))
    return call
  }),
  refused('renew', 'PeriodAlreadyPaid', 'two periods ahead', (world, call) => {
    world.must(call)
    return call
  }),
  refused('renew', 'SubscriptionExpired', 'after the end', (world, call) => {
    world.runtime.advance(PERIOD)
    return call
  }),
  subscribed('NothingToCancel', 'cancel: the running period', world =>
    calls.cancel(world, world.people.alice, POOL_ID)
  ),
  refused('cancel', 'NothingToCancel', 'the period ahead once it runs', (world, call) => {
    world.runtime.advance(PERIOD)
    return call
  }),
  refused('cancel', 'WrongTokenOwner', "into a stranger's account", (world, call) => ({
    accounts: { ...call.accounts, subscriber_token: world.people.mallory.token }
  })),
  subscribed('SubscriptionLive', 'close_subscription: while it runs', world =>
    calls.closeSubscription(world, world.people.alice, POOL_ID)
  ),
  attempted('SubscriptionLive', 'close_subscription: in the grace after its end', () => {
    const world = World.create()
    openSubscription(world)
    world.runtime.advance(PERIOD + 28n)
    return world.send(calls.closeSubscription(world, world.people.alice, POOL_ID))
  }),
  attempted('PoolNotEmpty', 'close_subscription: before those who served it had their time', () => {
    const world = World.create()
    openSubscription(world)
    world.runtime.advance(PERIOD + CLAIM_WINDOW_SECS - 2n)
    return world.send(calls.closeSubscription(world, world.people.alice, POOL_ID))
  })
]
