import { describe, expect, it } from 'vitest'
import {
  calls,
  caseOf,
  errorCode,
  FEE_BPS,
  keyOf,
  mintTo,
  openPool,
  posting,
  postNow,
  TOKENS,
  Tree,
  tokensIn,
  VOUCHER_KEY,
  World
} from '../kit/index.ts'

const U64_MAX = 2n ** 64n - 1n
/** All that a mint can still make once everybody has their tokens. */
const FORTUNE = U64_MAX - 6n * TOKENS

/** Alice holds every token there can be. */
function richWorld(): World {
  const world = World.create()
  mintTo(world.runtime, world.people.admin.key, world.mint, world.people.alice.token, FORTUNE)
  return world
}

describe('at the edges of u64', () => {
  it('a channel settles the largest voucher, its fee to the unit', () => {
    const world = richWorld()
    const { alice, bob } = world.people
    const amount = FORTUNE + TOKENS
    const key = { sender: alice, receiver: bob, nonce: U64_MAX }
    world.must(
      calls.openChannel(world, key, { amount, expires_at: 2n ** 63n - 1n, voucher_signer: VOUCHER_KEY.publicKey })
    )
    world.runtime.advance(1n)
    world.must(calls.closeChannel(world, key, { seq: U64_MAX, amount }, VOUCHER_KEY))
    const fee = (amount * BigInt(FEE_BPS)) / 10_000n
    expect(tokensIn(world.runtime, world.feeVault)).toBe(fee)
    expect(tokensIn(world.runtime, bob.token)).toBe(TOKENS + amount - fee)
    expect(tokensIn(world.runtime, alice.token)).toBe(0n)
  })

  it('shares of the largest pool by the largest weights are exact, and what rounding leaves returns', () => {
    const world = richWorld()
    const { alice, bob, carol } = world.people
    const amount = FORTUNE
    const pool = openPool(world)
    world.must(calls.deposit(world, alice, carol, amount))
    const weights = [2n ** 63n, 2n ** 63n - 7n, 3n]
    const operators = [alice, bob, carol]
    const tree = new Tree(weights.map((weight, i) => ({ operator: operators[i]?.address ?? world.config, weight })))
    const distribution = postNow(world, pool, posting(tree, 0, amount))
    for (const [index, operator] of operators.entries()) {
      const before = tokensIn(world.runtime, operator.token)
      world.must(calls.claim(world, operator, { pool, distribution, tree, index, receipts: false }))
      const gross = (amount * (weights[index] ?? 0n)) / tree.totalWeight
      expect(tokensIn(world.runtime, operator.token) - before).toBe(gross - (gross * BigInt(FEE_BPS)) / 10_000n)
    }
    const paid = weights.reduce((sum, weight) => sum + (amount * weight) / tree.totalWeight, 0n)
    const { ledger } = world.read('CreatorPool', pool)
    world.must(calls.closeDistribution(world, pool, distribution, bob))
    expect(ledger).toMatchObject({ promised: amount - paid })
    expect(amount - paid).toBeGreaterThan(0n)
    expect(world.read('CreatorPool', pool).ledger).toMatchObject({ promised: 0n })
  })

  it('a weight of all bits in a small pool does not wrap', () => {
    const world = World.create()
    const { alice, bob } = world.people
    const pool = openPool(world)
    const tree = new Tree([
      { operator: alice.address, weight: U64_MAX - 1n },
      { operator: bob.address, weight: 1n }
    ])
    const distribution = postNow(world, pool, posting(tree, 0, 10n))
    world.must(calls.claim(world, alice, { pool, distribution, tree, index: 0, receipts: false }))
    expect(world.read('Distribution', distribution).claimed_amount).toBe(9n)
  })

  it('weights that would wrap their sum are refused', () => {
    const world = World.create()
    const { alice, bob } = world.people
    const pool = openPool(world)
    const tree = new Tree([
      { operator: alice.address, weight: U64_MAX },
      { operator: bob.address, weight: U64_MAX }
    ])
    const distribution = postNow(world, pool, { ...posting(tree, 0), total_weight: U64_MAX })
    world.must(calls.claim(world, alice, { pool, distribution, tree, index: 0, receipts: false }))
    const second = world.send(calls.claim(world, bob, { pool, distribution, tree, index: 1, receipts: false }))
    expect(second.code).toBe(errorCode('ArithmeticOverflow'))
  })

  it('a bitmap of the most entries is claimed at its last bit, once', () => {
    const world = World.create()
    const { alice, bob } = world.people
    const entries = [
      ...Array.from({ length: 65_535 }, () => ({ operator: bob.address, weight: 1n })),
      { operator: alice.address, weight: 65_535n }
    ]
    const tree = new Tree(entries)
    const pool = openPool(world)
    const distribution = postNow(world, pool, posting(tree, 0))
    const last = calls.claim(world, alice, { pool, distribution, tree, index: 65_535, receipts: false })
    world.must(last)
    expect(world.send(last).code).toBe(errorCode('AlreadyClaimed'))
    expect(world.runtime.account(distribution)?.data.at(-1)).toBe(0x80)
  })

  it('a tree of one entry needs no proof', () => {
    const world = World.create()
    const { alice } = world.people
    const tree = new Tree([{ operator: alice.address, weight: 1n }])
    const pool = openPool(world)
    const distribution = postNow(world, pool, posting(tree, 0))
    expect(tree.proof(0)).toEqual([])
    expect(world.send(calls.claim(world, alice, { pool, distribution, tree, index: 0, receipts: false })).error).toBe(
      ''
    )
  })
})

describe('a signature of the quorum counts once', () => {
  it('not for the same pool opened again', () => {
    const { world, call } = caseOf('post_distribution')
    const { carol } = world.people
    const pool = world.addresses.creatorPool(carol.address)
    world.must(calls.requestWithdrawal(world, carol, 40_000_000n))
    world.runtime.advance(172_800n)
    world.must(calls.withdraw(world, carol))
    world.must(calls.closeCreatorPool(world, carol))
    openPool(world)
    const state = calls.poolState(world, pool, 'CreatorPool')
    const again = { ...call.accounts, distribution: world.addresses.distribution(pool, state.openedSlot, state.epoch) }
    expect(world.send({ ...call, accounts: again }).code).toBe(errorCode('QuorumNotReached'))
  })

  it('not for the next epoch', () => {
    const { world, call } = caseOf('post_distribution')
    const { alice, carol } = world.people
    const pool = world.addresses.creatorPool(carol.address)
    world.must(call)
    world.must(calls.deposit(world, alice, carol, 40_000_000n))
    world.runtime.advance(86_400n)
    const { openedSlot, epoch } = calls.poolState(world, pool, 'CreatorPool')
    const again = { ...call.accounts, distribution: world.addresses.distribution(pool, openedSlot, epoch) }
    expect(world.send({ ...call, accounts: again }).code).toBe(errorCode('QuorumNotReached'))
  })

  it('not after its signers have been replaced', () => {
    const { world, call } = caseOf('post_distribution')
    const aggregators = ['new 1', 'new 2'].map(name => keyOf(name).publicKey)
    world.must(calls.updateConfig(world, { quorum: { threshold: 1, aggregators } }))
    expect(world.send(call).code).toBe(errorCode('QuorumNotReached'))
  })
})
