/** Paying, on the real program behind real JSON-RPC: once, for what was shown, whatever breaks on the way. */
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../../sdk/async/index.ts'
import { connectChain, memoryPaymentLog, memorySessionStore } from '../../sdk/settlement/client/index.ts'
import { createSettlement, formatMoney, money } from '../../sdk/settlement/index.ts'
import { type KeyWallet, keyWallet } from '../kit/key-wallet.ts'
import { balanceOf, type SettlementNetwork, startSettlementNetwork } from '../kit/settlement-network.ts'

const DATA_STANDARD = { service: 1, tier: 2, billingPeriod: 0 }
const PRICE = 5_000_000n

let network: SettlementNetwork
let seed: Uint8Array
let wallet: KeyWallet
let poolId: Uint8Array

beforeAll(async () => {
  network = await startSettlementNetwork()
})

afterAll(async () => {
  await network?.stop()
})

beforeEach(async () => {
  seed = systemRandom(32)
  wallet = keyWallet(seed)
  poolId = systemRandom(32)
  await network.fund(wallet.address, 100_000_000)
})

/** Seconds since the Unix epoch by the chain, which tests move ahead. */
async function chainSeconds(): Promise<bigint> {
  return BigInt(Number(await network.call('getBlockTime', await network.call('getSlot'))))
}

describe('a subscription', () => {
  it('costs what the plan says, once, and says so to the user before', async () => {
    const settlement = await network.settlement()
    const plans = await settlement.reader.plans()
    expect(plans.length).toBe(18)
    const plan = await settlement.reader.plan(DATA_STANDARD)
    expect(plan.name).toBe('data standard, monthly')
    const before = await balanceOf(settlement, wallet.address)
    const told: string[] = []
    await settlement.subscribe(
      wallet,
      { plan, poolId, price: plan.price },
      {
        onReview: ({ summary, networkFee, computeUnits }) => {
          told.push(summary)
          expect(networkFee).toBeGreaterThanOrEqual(5_000n)
          expect(computeUnits).toBeLessThan(100_000)
          return true
        }
      }
    )
    expect(told).toEqual([`Subscribe to data standard, monthly: ${formatMoney(plan.price)}`])
    expect(before - (await balanceOf(settlement, wallet.address))).toBe(PRICE)
    expect(wallet.asked.length).toBe(1)
    const subscription = await settlement.reader.subscription(wallet.address, poolId)
    expect(subscription?.ledger.balance).toBe(PRICE)
  })

  it('is renewed and taken back', async () => {
    const settlement = await network.settlement()
    const before = await balanceOf(settlement, wallet.address)
    await settlement.subscribe(wallet, { plan: DATA_STANDARD, poolId })
    await settlement.renew(wallet, { plan: DATA_STANDARD, poolId })
    expect(before - (await balanceOf(settlement, wallet.address))).toBe(2n * PRICE)
    await settlement.cancel(wallet, poolId)
    expect(before - (await balanceOf(settlement, wallet.address))).toBe(PRICE)
    await expect(settlement.closeSubscription(wallet, poolId)).rejects.toMatchObject({
      code: 'transaction-failed',
      details: { name: 'SubscriptionLive' }
    })
  })

  it('is not signed at another price than the one that was shown', async () => {
    const settlement = await network.settlement()
    const shown = money(PRICE - 1n, await settlement.reader.token())
    await expect(settlement.subscribe(wallet, { plan: DATA_STANDARD, poolId, price: shown })).rejects.toMatchObject({
      code: 'invalid-argument'
    })
    expect(wallet.asked).toEqual([])
  })

  it('that would fail is refused with the reason before the wallet is asked', async () => {
    const settlement = await network.settlement()
    await settlement.subscribe(wallet, { plan: DATA_STANDARD, poolId })
    await expect(settlement.subscribe(wallet, { plan: DATA_STANDARD, poolId })).rejects.toMatchObject({
      code: 'transaction-failed',
      details: { name: 'AlreadyInitialized' }
    })
    const poor = keyWallet(systemRandom(32))
    await network.call('requestAirdrop', poor.address, 1_000_000_000)
    await network.call('craftec_requestTokens', poor.address, 1)
    await expect(settlement.subscribe(poor, { plan: DATA_STANDARD, poolId })).rejects.toMatchObject({
      code: 'transaction-failed',
      details: { name: 'InsufficientFunds' }
    })
    expect(wallet.asked.length).toBe(1)
    expect(poor.asked).toEqual([])
  })
})

describe('a wallet', () => {
  it('that changes what it signs, or signs nothing, pays nothing', async () => {
    const log = memoryPaymentLog()
    const settlement = await network.settlement(log)
    const liars: ((signed: Uint8Array) => Uint8Array)[] = [
      signed => signed.with(signed.length - 1, (signed.at(-1) ?? 0) ^ 1),
      signed => signed.with(5, (signed[5] ?? 0) ^ 1),
      signed => signed.subarray(1),
      () => new Uint8Array(0)
    ]
    for (const lie of liars)
      await expect(settlement.subscribe(keyWallet(seed, lie), { plan: DATA_STANDARD, poolId })).rejects.toMatchObject({
        code: 'wallet-invalid'
      })
    expect(await log.open()).toEqual([])
    expect(await settlement.reader.subscription(wallet.address, poolId)).toBeUndefined()
  })

  it('is not asked when the user declines the review', async () => {
    const settlement = await network.settlement()
    await expect(
      settlement.subscribe(wallet, { plan: DATA_STANDARD, poolId }, { onReview: () => false })
    ).rejects.toMatchObject({ code: 'wallet-rejected' })
    expect(wallet.asked).toEqual([])
  })
})

describe('a page that dies', () => {
  it('between sending and hearing of it finds out later, and pays no second time', async () => {
    const log = memoryPaymentLog()
    const stop = new AbortController()
    const dying = await network.settlement(log, {
      ...network.rpc,
      send: async (wire, options) => {
        await network.rpc.send(wire, options)
        stop.abort()
      }
    })
    const before = await balanceOf(dying, wallet.address)
    const request = { plan: DATA_STANDARD, poolId }
    await expect(dying.subscribe(wallet, request, { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' })
    expect((await log.open()).length).toBe(1)

    const settlement = await network.settlement(log)
    const outcomes: string[] = []
    await settlement.settleOpenPayments(({ summary }, { state }) => outcomes.push(`${summary}: ${state}`))
    expect(outcomes).toEqual(['Subscribe to data standard, monthly: 5 USDC: landed'])
    expect(before - (await balanceOf(settlement, wallet.address))).toBe(PRICE)
  })

  it('before sending makes the payment when it is tried again, with the bytes that were signed', async () => {
    const log = memoryPaymentLog()
    const dying = await network.settlement(log, {
      ...network.rpc,
      send: async () => {
        throw new Error('the network is gone')
      }
    })
    const stop = new AbortController()
    const request = { plan: DATA_STANDARD, poolId }
    const attempt = dying.subscribe(wallet, request, {
      signal: stop.signal,
      onStage: stage => stage === 'sending' && stop.abort()
    })
    await expect(attempt).rejects.toMatchObject({ code: 'aborted' })
    const [open] = await log.open()

    const settlement = await network.settlement(log)
    expect(await settlement.subscribe(wallet, request)).toBe(open?.signature)
    expect(wallet.asked.length).toBe(1)
  })
})

describe('a creator’s pool', () => {
  it('is opened, funded for a content, and taken out of when that was announced', async () => {
    const settlement = await network.settlement()
    const { pools, reader } = settlement
    const before = await balanceOf(settlement, wallet.address)
    const amount = money(5_000n, await reader.token())
    const chainTime = await chainSeconds()
    const contentId = systemRandom(32)
    await pools.create(wallet, 1)
    await expect(pools.create(wallet, 1)).rejects.toMatchObject({ details: { name: 'AlreadyInitialized' } })
    await pools.fundContent(wallet, { contentId, amount, expiresAt: chainTime + 60n, tier: 2, key: 'first' })
    await settlement.fundCreatorPool(wallet, { creator: wallet.address, amount, key: 'first' })
    expect((await reader.creatorPool(wallet.address))?.ledger.balance).toBe(10_000n)
    expect((await reader.contentFund(wallet.address, contentId))?.amount).toBe(5_000n)

    await pools.requestWithdrawal(wallet, money(10_000n, amount.token))
    await expect(pools.closeContentFund(wallet, contentId)).rejects.toMatchObject({ details: { name: 'FundLive' } })
    await network.call('craftec_advanceTime', 31 * 86_400)
    await pools.withdraw(wallet)
    await pools.closeContentFund(wallet, contentId)
    await pools.close(wallet)
    expect(await reader.creatorPool(wallet.address)).toBeUndefined()
    expect(await balanceOf(settlement, wallet.address)).toBe(before)
    await pools.create(wallet, 1)
  })
})

describe('what is paid in', () => {
  it('must be what was expected', async () => {
    const { mint } = await (await network.settlement()).reader.token()
    const program = network.program
    const over = { endpoints: [], program, rpc: network.rpc, log: memoryPaymentLog(), sessions: memorySessionStore() }
    const right = await createSettlement({ ...over, token: { mint, decimals: 6, symbol: 'T' } })
    expect(formatMoney((await right.reader.plan(DATA_STANDARD)).price)).toBe('5 T')
    for (const wrong of [
      { mint, decimals: 9 },
      { mint: program, decimals: 6 }
    ]) {
      const settlement = await createSettlement({ ...over, token: { ...wrong, symbol: 'T' } })
      await expect(settlement.subscribe(wallet, { plan: DATA_STANDARD, poolId })).rejects.toMatchObject({
        code: 'account-invalid'
      })
    }
    expect(wallet.asked).toEqual([])
  })
})

describe('RPC endpoints', () => {
  let down: Server
  let url: string
  let asked = 0

  beforeAll(async () => {
    down = createServer((_, response) => {
      asked++
      response.writeHead(503).end('maintenance')
    })
    await new Promise<void>(resolve => down.listen(0, '127.0.0.1', resolve))
    const address = down.address()
    if (typeof address !== 'object' || address === null) throw new Error('no address')
    url = `http://127.0.0.1:${address.port}`
  })

  afterAll(() => void down.close())

  it('stand in for each other', async () => {
    const settlement = await network.settlement(memoryPaymentLog(), connectChain({ endpoints: [url, network.url] }))
    await settlement.subscribe(wallet, { plan: DATA_STANDARD, poolId })
    expect(asked).toBeGreaterThan(0)
  })

  it('that are all down are said to be', async () => {
    const settlement = await network.settlement(memoryPaymentLog(), connectChain({ endpoints: [url] }))
    await expect(settlement.subscribe(wallet, { plan: DATA_STANDARD, poolId })).rejects.toMatchObject({
      code: 'rpc-unreachable'
    })
    expect(wallet.asked).toEqual([])
  })

  it.each(['http://rpc.example.org', 'ftp://127.0.0.1', 'nonsense', ''])('must be safe addresses: %j', text => {
    expect(() => connectChain({ endpoints: [text] })).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})
