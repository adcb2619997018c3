import { fixedBytes, struct, u64 } from '../../codec/index.ts'
import type { Address, SettlementAddresses } from '../address/index.ts'
import { defineInstruction, type Instruction } from './instruction.ts'

const owned = {
  subscriber: 's',
  config: 'r',
  subscription: 'w',
  vault: 'w',
  subscriberToken: 'w',
  tokenProgram: 'r'
} as const

export const subscriptionDefinitions = {
  subscribe: defineInstruction(
    'subscribe',
    {
      subscriber: 'ws',
      config: 'r',
      plan: 'r',
      subscription: 'w',
      vault: 'w',
      subscriberToken: 'w',
      mint: 'r',
      tokenProgram: 'r',
      systemProgram: 'r'
    },
    struct({ poolId: fixedBytes(32), price: u64 })
  ),
  renew: defineInstruction(
    'renew',
    {
      subscriber: 's',
      config: 'r',
      plan: 'r',
      subscription: 'w',
      vault: 'w',
      subscriberToken: 'w',
      tokenProgram: 'r'
    },
    struct({ price: u64 })
  ),
  cancel: defineInstruction('cancel', owned, struct({})),
  closeSubscription: defineInstruction('close_subscription', { ...owned, subscriber: 'ws' }, struct({}))
} as const

/** Whose subscription, and the token account that pays for it or is paid. */
export interface SubscriptionParty {
  readonly subscriber: Address
  /** 32 bytes that tell the subscriber's subscriptions apart. */
  readonly poolId: Uint8Array
  readonly subscriberToken: Address
}

/** What is bought, and the price that the buyer agreed to: the program refuses any other. */
export interface Purchase {
  readonly plan: Address
  /** Base units. */
  readonly price: bigint
}

/** Buy one period. */
export function subscribe(
  at: SettlementAddresses,
  given: SubscriptionParty & Purchase & { readonly mint: Address }
): Instruction {
  const { plan, mint, poolId, price } = given
  const accounts = { ...partyAccounts(at, given), plan, mint }
  return subscriptionDefinitions.subscribe.build(at.program, accounts, { poolId, price })
}

/** Buy the period after the running one. */
export function renew(at: SettlementAddresses, given: SubscriptionParty & Purchase): Instruction {
  const { plan, price } = given
  return subscriptionDefinitions.renew.build(at.program, { ...partyAccounts(at, given), plan }, { price })
}

/** Give the period ahead back; the running one stays. */
export function cancel(at: SettlementAddresses, given: SubscriptionParty): Instruction {
  return subscriptionDefinitions.cancel.build(at.program, partyAccounts(at, given), {})
}

/** Close one that has ended: what nobody claimed, and the rent, go to the subscriber. */
export function closeSubscription(at: SettlementAddresses, given: SubscriptionParty): Instruction {
  return subscriptionDefinitions.closeSubscription.build(at.program, partyAccounts(at, given), {})
}

function partyAccounts(at: SettlementAddresses, { subscriber, poolId, subscriberToken }: SubscriptionParty) {
  const subscription = at.subscription(subscriber, poolId)
  return { subscriber, config: at.config(), subscription, vault: at.vault(subscription), subscriberToken }
}
