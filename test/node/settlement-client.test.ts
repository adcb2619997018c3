/** Paying, on the real program behind real JSON-RPC: once, for what was shown, whatever breaks on the way. */
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Chain, settlementProgram, startChain } from '../../chain/index.ts'
import { systemRandom } from '../../sdk/async/index.ts'
import {
  type ChainRpc,
  connectChain,
  createSettlement,
  formatMoney,
  memoryPaymentLog,
  money,
  type PaymentLog,
  parseAddress,
  type Settlement
} from '../../sdk/settlement/index.ts'
import { type KeyWallet, keyWallet } from '../kit/key-wallet.ts'

const DATA_STANDARD = { service: 1, tier: 2, billingPeriod: 0 }
const PRICE = 5_000_000n

let chain: Chain
let rpc: ChainRpc
let seed: Uint8Array
let wallet: KeyWallet
let poolId: Uint8Array

beforeAll(async () => {
  chain = await startChain({ testMethods: true, slotMs: 50, programs: [await settlementProgram()] })
  rpc = await connectChain({ endpoints: [chain.url] })
})

afterAll(async () => {
  await chain?.stop()
})

beforeEach(async () => {
  seed = systemRandom(32)
  wallet = keyWallet(seed)
  poolId = systemRandom(32)
  await call('requestAirdrop', wallet.address, 1_000_000_000)
  await call('craftec_requestTokens', wallet.address, 100_000_000)
})

async function call(method: string, ...params: readonly unknown[]): Promise<void> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const response = await fetch(chain.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const answer = (await response.json()) as { error?: { message: string } }
  if (answer.error) throw new Error(answer.error.message)
}

function settlementWith(log: PaymentLog, through: ChainRpc = rpc): Promise<Settlement> {
  return createSettlement({
    endpoints: [],
    program: parseAddress(chain.programs.settlement ?? ''),
    rpc: through,
    log
  })
}

async function balance(settlement: Settlement): Promise<bigint> {
  const found = await settlement.reader.balance(wallet.address)
  if (found === undefined) throw new Error('no token account')
  return found.units
}

describe('a subscription', () => {
  it('costs what the plan says, once, and says so to the user before', async () => {
    const settlement = await settlementWith(memoryPaymentLog())
    const plans = await settlement.reader.plans()
    expect(plans.length).toBe(18)
    const plan = await settlement.reader.plan(DATA_STANDARD)
    expect(plan.name).toBe('data standard, monthly')
    const before = await balance(settlement)
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
    expect(before - (await balance(settlement))).toBe(PRICE)
    expect(wallet.asked.length).toBe(1)
    const subscription = await settlement.reader.subscription(wallet.address, poolId)
    expect(subscription?.ledger.balance).toBe(PRICE)
  })

  it('is renewed and taken back', async () => {
    const settlement = await settlementWith(memoryPaymentLog())
    const before = await balance(settlement)
    await settlement.subscribe(wallet, { plan: DATA_STANDARD, poolId })
    await settlement.renew(wallet, { plan: DATA_STANDARD, poolId })
    expect(before - (await balance(settlement))).toBe(2n * PRICE)
    await settlement.cancel(wallet, poolId)
    expect(before - (await balance(settlement))).toBe(PRICE)
  })

  it('is not signed at another price than the one that was shown', async () => {
    const settlement = await settlementWith(memoryPaymentLog())
    const shown = money(PRICE - 1n, await settlement.reader.token())
    await expect(settlement.subscribe(wallet, { plan: DATA_STANDARD, poolId, price: shown })).rejects.toMatchObject({
      code: 'invalid-argument'
    })
    expect(wallet.asked).toEqual([])
  })

  it('that would fail is refused with the reason before the wallet is asked', async () => {
    const settlement = await settlementWith(memoryPaymentLog())
    await settlement.subscribe(wallet, { plan: DATA_STANDARD, poolId })
    await expect(settlement.subscribe(wallet, { plan: DATA_STANDARD, poolId })).rejects.toMatchObject({
      code: 'transaction-failed',
      details: { name: 'AlreadyInitialized' }
    })
    const poor = keyWallet(systemRandom(32))
    await call('requestAirdrop', poor.address, 1_000_000_000)
    await call('craftec_requestTokens', poor.address, 1)
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
    const settlement = await settlementWith(log)
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
    const settlement = await settlementWith(memoryPaymentLog())
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
    const dying = await settlementWith(log, {
      ...rpc,
      send: async (wire, options) => {
        await rpc.send(wire, options)
        stop.abort()
      }
    })
    const before = await balance(dying)
    const request = { plan: DATA_STANDARD, poolId }
    await expect(dying.subscribe(wallet, request, { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' })
    expect((await log.open()).length).toBe(1)

    const settlement = await settlementWith(log)
    const outcomes: string[] = []
    await settlement.settleOpenPayments(({ summary }, { state }) => outcomes.push(`${summary}: ${state}`))
    expect(outcomes).toEqual(['Subscribe to data standard, monthly: 5 USDC: landed'])
    expect(before - (await balance(settlement))).toBe(PRICE)
  })

  it('before sending makes the payment when it is tried again, with the bytes that were signed', async () => {
    const log = memoryPaymentLog()
    const dying = await settlementWith(log, {
      ...rpc,
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

    const settlement = await settlementWith(log)
    expect(await settlement.subscribe(wallet, request)).toBe(open?.signature)
    expect(wallet.asked.length).toBe(1)
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
    const settlement = await settlementWith(memoryPaymentLog(), await connectChain({ endpoints: [url, chain.url] }))
    await settlement.subscribe(wallet, { plan: DATA_STANDARD, poolId })
    expect(asked).toBe(1)
  })

  it('that are all down are said to be', async () => {
    const settlement = await settlementWith(memoryPaymentLog(), await connectChain({ endpoints: [url] }))
    await expect(settlement.subscribe(wallet, { plan: DATA_STANDARD, poolId })).rejects.toMatchObject({
      code: 'rpc-unreachable'
    })
    expect(wallet.asked).toEqual([])
  })

  it.each(['http://rpc.example.org', 'ftp://127.0.0.1', 'nonsense', ''])('must be safe addresses: %j', async text => {
    await expect(connectChain({ endpoints: [text] })).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})
