import {
  type Call,
  CONTENT_ID,
  calls,
  caseOf,
  DEPOSIT,
  openPool,
  PERIOD,
  PRICE,
  postDefault,
  WITHDRAWAL_DELAY_SECS,
  World
} from '../../kit/index.ts'
import { attempted, type Refusal, refused } from './refusal.ts'

const U64_MAX = 2n ** 64n - 1n

function pooled(error: string, when: string, next: (world: World) => Call): Refusal {
  return attempted(error, when, () => {
    const world = World.create()
    openPool(world)
    return world.send(next(world))
  })
}

/** A live content fund, and a second funding that differs. */
function funded(error: string, when: string, change: Partial<calls.Funding>): Refusal {
  return attempted(error, `fund_content: ${when}`, () => {
    const { world, call } = caseOf('fund_content')
    world.must(call)
    const again = { content_id: CONTENT_ID, amount: PRICE, expires_at: world.runtime.time + PERIOD, tier: 2, ...change }
    return world.send(calls.fundContent(world, world.people.carol, again))
  })
}

export const pools: readonly Refusal[] = [
  refused('create_creator_pool', 'InvalidService', 'for tunnels', world =>
    calls.createCreatorPool(world, world.people.carol, 0)
  ),
  refused('create_creator_pool', 'Paused', 'while paused', (world, call) => {
    world.must(calls.setPaused(world, true))
    return call
  }),
  refused('create_creator_pool', 'WrongMint', 'with another mint', (world, call) => ({
    accounts: { ...call.accounts, mint: world.people.carol.token }
  })),
  attempted('AlreadyInitialized', 'create_creator_pool: a second time', () => {
    const { world, call } = caseOf('create_creator_pool')
    world.must(call)
    return world.send(call)
  }),
  refused('deposit', 'InvalidAmount', 'of nothing', () => ({ args: { amount: 0n } })),
  refused('deposit', 'Paused', 'while paused', (world, call) => {
    world.must(calls.setPaused(world, true))
    return call
  }),
  refused('deposit', 'ArithmeticOverflow', 'that the balance cannot hold', () => ({ args: { amount: U64_MAX } })),
  refused('fund_content', 'NotAuthorized', 'by a stranger', (world, call) => ({
    accounts: { ...call.accounts, creator: world.people.mallory.address, creator_token: world.people.mallory.token },
    signers: [world.people.mallory.key]
  })),
  refused('fund_content', 'InvalidAmount', 'with nothing', (_world, call) => ({ args: { ...call.args, amount: 0n } })),
  refused('fund_content', 'InvalidPlan', 'at a tier that does not exist', (_world, call) => ({
    args: { ...call.args, tier: 5 }
  })),
  refused('fund_content', 'InvalidExpiry', 'until now', (world, call) => ({
    args: { ...call.args, expires_at: world.runtime.time }
  })),
  refused('fund_content', 'Paused', 'while paused', (world, call) => {
    world.must(calls.setPaused(world, true))
    return call
  }),
  refused('fund_content', 'ArithmeticOverflow', 'that the total cannot hold', (_world, call) => ({
    args: { ...call.args, amount: U64_MAX }
  })),
  funded('FundWouldShrink', 'to a lower tier', { tier: 1 }),
  funded('FundWouldShrink', 'to an earlier end', { expires_at: 1_800_000_000n + PERIOD }),
  attempted('InvalidAddress', "fund_content: under another content's record", () => {
    const { world, call } = caseOf('fund_content')
    world.must(call)
    return world.send({ ...call, args: { ...call.args, content_id: new Uint8Array(32).fill(1) } })
  }),
  attempted('FundLive', 'close_content_fund: before its end', () => {
    const { world, call } = caseOf('fund_content')
    world.must(call)
    return world.send(calls.closeContentFund(world, world.people.carol, CONTENT_ID))
  }),
  refused('close_content_fund', 'NotAuthorized', 'by a stranger', (world, call) => ({
    accounts: { ...call.accounts, creator: world.people.mallory.address },
    signers: [world.people.mallory.key]
  })),
  refused('request_withdrawal', 'InvalidAmount', 'of nothing', () => ({ args: { amount: 0n } })),
  refused('request_withdrawal', 'InsufficientPoolBalance', 'of more than there is', () => ({
    args: { amount: DEPOSIT + 1n }
  })),
  refused('request_withdrawal', 'NotAuthorized', 'by a stranger', (world, call) => ({
    accounts: { ...call.accounts, creator: world.people.mallory.address },
    signers: [world.people.mallory.key]
  })),
  pooled('NoWithdrawalRequested', 'withdraw: unannounced', world => calls.withdraw(world, world.people.carol)),
  attempted('NoWithdrawalRequested', 'withdraw: a second time', () => {
    const { world, call } = caseOf('withdraw')
    world.must(call)
    return world.send(call)
  }),
  attempted('WithdrawalNotReady', 'withdraw: a second early', () => {
    const { world, call } = caseOf('request_withdrawal')
    world.must(call)
    world.runtime.advance(WITHDRAWAL_DELAY_SECS - 1n)
    return world.send(calls.withdraw(world, world.people.carol))
  }),
  attempted('NoWithdrawalRequested', 'withdraw: after a distribution took all, though new money came in', () => {
    const { world, call } = caseOf('post_distribution')
    world.must(calls.requestWithdrawal(world, world.people.carol, DEPOSIT))
    world.must(call)
    world.must(calls.deposit(world, world.people.alice, world.people.carol, DEPOSIT))
    world.runtime.advance(WITHDRAWAL_DELAY_SECS)
    return world.send(calls.withdraw(world, world.people.carol))
  }),
  refused('withdraw', 'WrongTokenOwner', "into a stranger's account", (world, call) => ({
    accounts: { ...call.accounts, creator_token: world.people.mallory.token }
  })),
  pooled('PoolNotEmpty', 'close_creator_pool: with a balance', world =>
    calls.closeCreatorPool(world, world.people.carol)
  ),
  attempted('PoolNotEmpty', 'close_creator_pool: with a promise', () => {
    const world = World.create()
    postDefault(world, 0)
    return world.send(calls.closeCreatorPool(world, world.people.carol))
  }),
  attempted('OpenedThisSlot', 'close_creator_pool: in the slot that opened it', () => {
    const { world, call } = caseOf('create_creator_pool')
    world.must(call)
    return world.send(calls.closeCreatorPool(world, world.people.carol))
  })
]
