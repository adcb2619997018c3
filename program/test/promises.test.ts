import { SystemProgram } from '@solana/web3.js'
import { describe, expect, it } from 'vitest'
import {
  type Call,
  CLAIM_WINDOW_SECS,
  calls,
  caseOf,
  DEPOSIT,
  decodeEvents,
  errorCode,
  FEE_BPS,
  FORCE_CLOSE_DELAY_SECS,
  openDefaultChannel,
  openPool,
  openSubscription,
  operatorsTree,
  PERIOD,
  PLAN,
  POOL_ID,
  PRICE,
  posting,
  postNow,
  TOKENS,
  tokensIn,
  VOUCHER_KEY,
  WITHDRAWAL_DELAY_SECS,
  World
} from '../kit/index.ts'

const MONEY_OUT = [
  'cancel',
  'close_subscription',
  'close_content_fund',
  'request_withdrawal',
  'withdraw',
  'close_creator_pool',
  'update_voucher',
  'close_channel',
  'request_force_close',
  'force_close',
  'claim',
  'close_distribution',
  'close_claim_receipt',
  'collect_fees'
]
/** What a signature costs its payer. */
const SIGNATURE_LAMPORTS = 5_000n

describe('money can leave while the program is paused', () => {
  for (const name of MONEY_OUT) {
    it(name, () => {
      const { world, call } = caseOf(name)
      world.must(calls.setPaused(world, true))
      expect(world.send(call).error).toBe('')
    })
  }
})

describe('terms stay as they were agreed', () => {
  it('a channel keeps the fee of its opening', () => {
    const world = World.create()
    const key = openDefaultChannel(world)
    world.must(calls.updateConfig(world, { fee_bps: 5_000 }))
    world.must(calls.closeChannel(world, key, { seq: 1n, amount: DEPOSIT }, VOUCHER_KEY))
    expect(tokensIn(world.runtime, world.feeVault)).toBe((DEPOSIT * BigInt(FEE_BPS)) / 10_000n)
  })

  it('a channel keeps the delay of its opening', () => {
    const world = World.create()
    const key = openDefaultChannel(world)
    world.must(calls.updateConfig(world, { force_close_delay_secs: 3_600n }))
    world.must(calls.requestForceClose(world, key))
    world.runtime.advance(FORCE_CLOSE_DELAY_SECS - 1n)
    expect(world.send(calls.forceClose(world, key)).code).toBe(errorCode('ForceCloseTooEarly'))
  })

  it('a distribution keeps the fee and the window of its posting', () => {
    const { world, call } = caseOf('claim')
    world.must(calls.updateConfig(world, { fee_bps: 5_000, claim_window_secs: 86_400n }))
    const [claimed] = decodeEvents(world.must(call).logs)
    const gross = (DEPOSIT * 60n) / 100n
    expect(claimed?.fields).toMatchObject({ gross_payout: gross, protocol_fee: (gross * BigInt(FEE_BPS)) / 10_000n })
    world.runtime.advance(CLAIM_WINDOW_SECS - 2n)
    const { pool, distribution } = call.accounts
    if (pool === undefined || distribution === undefined) throw new Error('a claim has both')
    const close = calls.closeDistribution(world, pool, distribution, world.people.poster)
    expect(world.send(close).code).toBe(errorCode('DistributionOpen'))
  })
})

describe('payouts do not depend on the admin', () => {
  it('a channel closes though the treasury account is gone', () => {
    const { world, call } = caseOf('close_channel')
    const { poster, mallory } = world.people
    const treasury = world.runtime.account(poster.token)
    if (treasury === undefined) throw new Error('the world has a treasury')
    world.runtime.setAccount(poster.token, {
      owner: SystemProgram.programId,
      lamports: 1_000_000n,
      data: new Uint8Array()
    })
    expect(world.send(call).error).toBe('')
    expect(world.send(calls.collectFees(world, mallory, poster.token)).ok).toBe(false)
    world.runtime.setAccount(poster.token, treasury)
    expect(world.send(calls.collectFees(world, mallory, poster.token)).error).toBe('')
  })
})

describe('rent returns to who paid it', () => {
  /** What opening and closing cost the payer beyond signatures. */
  function rentLost(world: World, open: Call, close: () => Call, signatures: bigint): bigint {
    const payer = open.signers[0]?.publicKey
    if (payer === undefined) throw new Error('somebody pays')
    const before = world.runtime.account(payer)?.lamports ?? 0n
    world.must(open)
    world.runtime.advance(PERIOD + CLAIM_WINDOW_SECS)
    world.must(close())
    return before - (world.runtime.account(payer)?.lamports ?? 0n) - signatures * SIGNATURE_LAMPORTS
  }

  it('of a plan', () => {
    const { world, call } = caseOf('create_plan')
    expect(rentLost(world, call, () => calls.deletePlan(world, PLAN), 2n)).toBe(0n)
  })

  it('of a subscription and its vault', () => {
    const { world, call } = caseOf('subscribe')
    const close = () => calls.closeSubscription(world, world.people.alice, POOL_ID)
    expect(rentLost(world, call, close, 2n)).toBe(0n)
  })

  it('of a creator pool and its vault', () => {
    const { world, call } = caseOf('create_creator_pool')
    expect(rentLost(world, call, () => calls.closeCreatorPool(world, world.people.carol), 2n)).toBe(0n)
  })

  it('of a channel and its vault, though the receiver closes it', () => {
    const { world, call } = caseOf('open_channel')
    const key = { sender: world.people.alice, receiver: world.people.bob, nonce: 1n }
    const close = () => calls.closeChannel(world, key, { seq: 0n, amount: 0n })
    expect(rentLost(world, call, close, 1n)).toBe(0n)
  })

  it('of a distribution, though a stranger closes it', () => {
    const { world, call } = caseOf('post_distribution')
    const { pool, distribution } = call.accounts
    if (pool === undefined || distribution === undefined) throw new Error('a posting has both')
    const close = () => calls.closeDistribution(world, pool, distribution, world.people.mallory)
    // The quorum's two signatures are paid for like the poster's own.
    expect(rentLost(world, call, close, 3n)).toBe(0n)
  })
})

describe('an announced withdrawal', () => {
  it('reaches no money that came in after a distribution took what it was announced for', () => {
    const world = World.create()
    const pool = openPool(world)
    const { alice, carol } = world.people
    world.must(calls.requestWithdrawal(world, carol, DEPOSIT))
    postNow(world, pool, posting(operatorsTree(world), 0, (DEPOSIT * 3n) / 4n))
    world.must(calls.deposit(world, alice, carol, DEPOSIT))
    world.runtime.advance(WITHDRAWAL_DELAY_SECS)
    const before = tokensIn(world.runtime, carol.token)
    world.must(calls.withdraw(world, carol))
    expect(tokensIn(world.runtime, carol.token) - before).toBe(DEPOSIT / 4n)
  })
})

describe('a closed account stays closed', () => {
  it('even when lamports keep its address alive in the same transaction', () => {
    const { world, call } = caseOf('close_channel')
    const { channel } = call.accounts
    if (channel === undefined) throw new Error('the case has a channel')
    const revive = SystemProgram.transfer({
      fromPubkey: world.people.bob.address,
      toPubkey: channel,
      lamports: 10_000_000
    })
    const outcome = world.runtime.send([...(call.before ?? []), world.instruction(call), revive], call.signers)
    expect(outcome.error).toBe('')
    expect(world.runtime.account(channel)).toMatchObject({ owner: SystemProgram.programId, data: new Uint8Array() })
    expect(world.send({ ...call, before: [] }).code).toBe(errorCode('InvalidAccount'))
  })
})

describe('what happens to a subscription', () => {
  it('a renewal before the end adds a period and can be taken back in full', () => {
    const world = World.create()
    openSubscription(world)
    const { alice } = world.people
    const address = world.addresses.subscription(alice.address, POOL_ID)
    const { expires_at } = world.read('Subscription', address)
    world.must(calls.renew(world, alice, POOL_ID, PLAN, PRICE))
    expect(world.read('Subscription', address)).toMatchObject({
      expires_at: (expires_at as bigint) + PERIOD,
      paid_ahead: PRICE
    })
    world.must(calls.cancel(world, alice, POOL_ID))
    expect(world.read('Subscription', address)).toMatchObject({ expires_at, paid_ahead: 0n })
    expect(tokensIn(world.runtime, alice.token)).toBe(TOKENS - PRICE)
  })

  it('its price goes to those who served it, and its account can be closed at once when all is claimed', () => {
    const world = World.create()
    openSubscription(world)
    const { alice, bob, mallory } = world.people
    const pool = world.addresses.subscription(alice.address, POOL_ID)
    world.runtime.advance(PERIOD + 30n)
    const tree = operatorsTree(world)
    const distribution = postNow(world, pool, posting(tree, 0, PRICE), 'Subscription')
    for (const [index, operator] of [alice, bob, mallory].entries()) {
      world.must(calls.claim(world, operator, { pool, distribution, tree, index, receipts: false }))
    }
    world.must(calls.closeDistribution(world, pool, distribution, bob))
    world.must(calls.closeSubscription(world, alice, POOL_ID))
    expect(world.exists(pool)).toBe(false)
    expect(tokensIn(world.runtime, world.feeVault)).toBe((PRICE * BigInt(FEE_BPS)) / 10_000n)
  })

  it('can be free for free storage, and for nothing else', () => {
    const world = World.create()
    const free = { service: 1, tier: 0, billing_period: 0 }
    world.must(calls.createPlan(world, free, 0n))
    expect(world.send(calls.subscribe(world, world.people.alice, POOL_ID, free, 0n)).error).toBe('')
  })
})

describe('administration', () => {
  it('changes hands in two steps, and the former admin has nothing left', () => {
    const { world, call } = caseOf('accept_admin')
    const { admin, bob } = world.people
    world.must(call)
    expect(world.send(calls.setPaused(world, true, admin)).code).toBe(errorCode('NotAuthorized'))
    expect(world.send(calls.setPaused(world, true, bob)).error).toBe('')
    expect(world.send(call).code).toBe(errorCode('NoPendingAdmin'))
  })

  it('changes only what an update names', () => {
    const world = World.create()
    const before = world.read('Config', world.config)
    world.must(calls.updateConfig(world, { epoch_secs: 7n }))
    expect(world.read('Config', world.config)).toEqual({ ...before, epoch_secs: 7n })
  })
})

describe('a force close', () => {
  it('does not stop while the receiver records newer vouchers, and pays the newest', () => {
    const world = World.create()
    const key = openDefaultChannel(world)
    const { bob } = world.people
    world.must(calls.requestForceClose(world, key))
    world.must(calls.updateVoucher(world, key, VOUCHER_KEY, { seq: 1n, amount: 1_000n }, bob))
    world.runtime.advance(FORCE_CLOSE_DELAY_SECS)
    world.must(calls.updateVoucher(world, key, VOUCHER_KEY, { seq: 2n, amount: 2_000n }, bob))
    world.must(calls.forceClose(world, key))
    expect(tokensIn(world.runtime, bob.token)).toBe(TOKENS + 1_900n)
  })

  it('needs no announcement once the channel expired', () => {
    const world = World.create()
    const key = openDefaultChannel(world, world.runtime.time + 100n)
    world.must(calls.updateVoucher(world, key, VOUCHER_KEY, { seq: 1n, amount: 1_000n }, world.people.bob))
    world.runtime.advance(100n)
    expect(world.send(calls.forceClose(world, key)).error).toBe('')
    expect(tokensIn(world.runtime, world.people.bob.token)).toBe(TOKENS + 950n)
  })
})
