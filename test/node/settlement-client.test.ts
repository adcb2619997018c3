/** Paying, on the real program behind real JSON-RPC: once, for what was shown, whatever breaks on the way. */
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Chain, settlementProgram, startChain } from '../../chain/index.ts'
import { systemRandom } from '../../sdk/async/index.ts'
import { connectChain, memoryPaymentLog, memorySessionStore } from '../../sdk/settlement/client/index.ts'
import {
  type Address,
  type ChainRpc,
  createSettlement,
  formatMoney,
  money,
  type PaymentLog,
  parseAddress,
  type RawAccount,
  type SessionStore,
  type Settlement
} from '../../sdk/settlement/index.ts'
import { FIRST_PROGRAM_ERROR, PROGRAM_ERRORS } from '../../sdk/settlement/refusals/program-errors.ts'
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
  rpc = connectChain({ endpoints: [chain.url] })
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

async function call(method: string, ...params: readonly unknown[]): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const response = await fetch(chain.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const answer = (await response.json()) as { result?: unknown; error?: { message: string } }
  if (answer.error) throw new Error(answer.error.message)
  return answer.result
}

function settlementWith(
  log: PaymentLog,
  through: ChainRpc = rpc,
  sessions: SessionStore = memorySessionStore()
): Promise<Settlement> {
  return createSettlement({
    endpoints: [],
    program: parseAddress(chain.programs.settlement ?? ''),
    rpc: through,
    log,
    sessions
  })
}

/** A channel that locks 1,000 units, as if it locked 1,001. */
function oneMore({ owner, data }: RawAccount): RawAccount {
  const changed = data.slice()
  const view = new DataView(changed.buffer)
  for (let at = 0; at + 8 <= changed.length; at += 8)
    if (view.getBigUint64(at, true) === 1_000n) view.setBigUint64(at, 1_001n, true)
  return { owner, data: changed }
}

/** Seconds since the Unix epoch by the chain, which tests move ahead. */
async function chainSeconds(): Promise<bigint> {
  return BigInt(Number(await call('getBlockTime', await call('getSlot'))))
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
    await expect(settlement.closeSubscription(wallet, poolId)).rejects.toMatchObject({
      code: 'transaction-failed',
      details: { name: 'SubscriptionLive' }
    })
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

describe('a session', () => {
  const nowSecs = (): bigint => BigInt(Math.floor(Date.now() / 1000))
  let receiver: KeyWallet

  beforeEach(async () => {
    receiver = keyWallet(systemRandom(32))
    await call('requestAirdrop', receiver.address, 1_000_000_000)
    await call('craftec_requestTokens', receiver.address, 0)
  })

  const open = async (settlement: Settlement, units = 1_000_000n) =>
    settlement.sessions.open(wallet, {
      receiver: receiver.address,
      cap: money(units, await settlement.reader.token()),
      lifetimeSecs: 3_600
    })

  it('spends up to its cap after one approval, and the receiver is paid what the last voucher says', async () => {
    const settlement = await settlementWith(memoryPaymentLog())
    const before = await balance(settlement)
    const session = await open(settlement)
    const vouchers = await Promise.all(Array.from({ length: 100 }, () => session.pay(1_000n, nowSecs())))
    expect(wallet.asked.length).toBe(1)
    expect(vouchers.map(({ voucher }) => voucher.seq)).toEqual(vouchers.map((_, index) => BigInt(index + 1)))
    expect(session.left.units).toBe(900_000n)
    await expect(session.pay(900_001n, nowSecs())).rejects.toMatchObject({ code: 'limit-exceeded' })
    await expect(session.pay(1n, session.channel.expiresAt)).rejects.toMatchObject({ code: 'limit-exceeded' })
    await expect(session.pay(0n, nowSecs())).rejects.toMatchObject({ code: 'invalid-argument' })
    const last = vouchers.at(-1)
    if (last === undefined) throw new Error('no voucher')
    await settlement.sessions.redeem(receiver, last)
    expect(before - (await balance(settlement))).toBe(100_000n)
    const { feeBps } = await settlement.reader.config()
    const paid = await settlement.reader.balance(receiver.address)
    expect(paid?.units).toBe(100_000n - (100_000n * BigInt(feeBps)) / 10_000n)
  })

  it('is redeemed a moment later when the slot that opened it has not passed', async () => {
    const session = await open(await settlementWith(memoryPaymentLog()))
    const voucher = await session.pay(7n, nowSecs())
    const code = FIRST_PROGRAM_ERROR + PROGRAM_ERRORS.findIndex(([name]) => name === 'OpenedThisSlot')
    const tooSoon = { error: { InstructionError: [3, { Custom: code }] }, logs: [], computeUnits: undefined }
    let trials = 0
    const early = (times: number): ChainRpc => ({
      ...rpc,
      simulate: async (wire, options) => (++trials <= times ? tooSoon : rpc.simulate(wire, options))
    })
    const impatient = await settlementWith(memoryPaymentLog(), early(Number.POSITIVE_INFINITY))
    await expect(impatient.sessions.redeem(receiver, voucher)).rejects.toMatchObject({ code: 'transaction-failed' })
    trials = 0
    const settlement = await settlementWith(memoryPaymentLog(), early(2))
    await settlement.sessions.redeem(receiver, voucher)
    expect(trials).toBe(3)
  })

  it('goes on after a reload, and takes the newest voucher from who has it', async () => {
    const store = memorySessionStore()
    const log = memoryPaymentLog()
    const first = await open(await settlementWith(log, rpc, store))
    const kept = await first.pay(10n, nowSecs())
    await first.keep()
    const settlement = await settlementWith(log, rpc, store)
    const lost = await first.pay(20n, nowSecs())
    const record = await store.get(first.address)
    if (record === undefined) throw new Error('nothing kept')
    // what a page leaves that died right after it reserved numbers
    await store.put({ ...record, seq: 65n, amount: 10n })
    const second = await settlement.sessions.resume(first.address)
    expect(second.spent.units).toBe(10n)
    await second.catchUp(lost)
    expect(second.spent.units).toBe(30n)
    expect((await second.pay(1n, nowSecs())).voucher).toMatchObject({ amount: 31n, seq: 66n })
    const forged = { voucher: { ...lost.voucher, amount: 900_000n }, signature: lost.signature }
    await expect(second.catchUp(forged)).rejects.toMatchObject({ code: 'invalid-signature' })
    expect(kept.voucher.seq).toBe(1n)
  })

  it('spends more once more is locked, and a top-up that is tried again adds nothing', async () => {
    const log = memoryPaymentLog()
    const misled: ChainRpc = {
      ...rpc,
      // says that one unit more is locked than is: another top-up, it seems
      accounts: async (...asked) =>
        (await rpc.accounts(...asked)).map(found => (lies && found ? oneMore(found) : found))
    }
    let lies = false
    const settlement = await settlementWith(log, misled)
    const before = await balance(settlement)
    const session = await open(settlement, 1_000n)
    await session.pay(1_000n, nowSecs())
    await expect(session.pay(1n, nowSecs())).rejects.toMatchObject({ code: 'limit-exceeded' })
    const more = money(500n, await settlement.reader.token())

    const stop = new AbortController()
    const onStage = (stage: string): void => {
      if (stage === 'sending') stop.abort()
    }
    const aborted = settlement.sessions.topUp(wallet, session, more, { signal: stop.signal, onStage })
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' })
    expect(session.left.units).toBe(0n)
    lies = true
    const signed = wallet.asked.length
    const onRetry = (): void => {
      lies = false
    }
    await settlement.sessions.topUp(wallet, session, more, { onStage: onRetry })
    expect(wallet.asked.length).toBe(signed)
    expect(session.left.units).toBe(500n)
    expect(before - (await balance(settlement))).toBe(1_500n)

    const last = await session.pay(500n, nowSecs())
    await settlement.sessions.redeem(receiver, last)
    expect(before - (await balance(settlement))).toBe(1_500n)
  })

  it('that is opened again with the same nonce is the same session', async () => {
    const settlement = await settlementWith(memoryPaymentLog())
    const before = await balance(settlement)
    const cap = money(1_000n, await settlement.reader.token())
    const request = { receiver: receiver.address, cap, lifetimeSecs: 3_600, nonce: 7n }
    const stop = new AbortController()
    const onStage = (stage: string): void => {
      if (stage === 'sending') stop.abort()
    }
    const aborted = settlement.sessions.open(wallet, request, { signal: stop.signal, onStage })
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' })
    const session = await settlement.sessions.open(wallet, request)
    expect((await session.pay(1_000n, nowSecs())).voucher.amount).toBe(1_000n)
    expect(before - (await balance(settlement))).toBe(1_000n)
    expect(wallet.asked.length).toBe(1)
  })

  it('that was not opened leaves no key behind', async () => {
    const store = memorySessionStore()
    const put: Address[] = []
    const watched: SessionStore = {
      ...store,
      put: record => {
        put.push(record.channel)
        return store.put(record)
      }
    }
    const settlement = await settlementWith(memoryPaymentLog(), rpc, watched)
    const cap = money(1_000n, await settlement.reader.token())
    const request = { receiver: receiver.address, cap, lifetimeSecs: 3_600 }
    await expect(settlement.sessions.open(wallet, request, { onReview: () => false })).rejects.toMatchObject({
      code: 'wallet-rejected'
    })
    expect(put.length).toBe(1)
    for (const channel of put) expect(await store.get(channel)).toBeUndefined()
  })

  // from here on the chain's clock is ahead of this one's
  it('that lost its key gives back what was not spent', async () => {
    const store = memorySessionStore()
    const settlement = await settlementWith(memoryPaymentLog(), rpc, store)
    const before = await balance(settlement)
    const session = await open(settlement)
    await settlement.sessions.record(receiver, await session.pay(250_000n, nowSecs()))
    await store.remove(session.address)
    await expect(settlement.sessions.resume(session.address)).rejects.toMatchObject({ code: 'vault-corrupt' })
    const [found] = await settlement.sessions.list(wallet)
    expect(found?.address).toBe(session.address)
    expect(await settlement.sessions.close(wallet, session.address)).toMatchObject({ done: 'announced' })
    await expect(settlement.sessions.close(wallet, session.address)).rejects.toMatchObject({
      code: 'transaction-failed',
      details: { name: 'ForceCloseTooEarly' }
    })
    await call('craftec_advanceTime', 3_700)
    expect(await settlement.sessions.close(wallet, session.address)).toMatchObject({ done: 'closed' })
    expect(before - (await balance(settlement))).toBe(250_000n)
    expect(await settlement.sessions.list(wallet)).toEqual([])
  })

  it('lives for a minute at least', async () => {
    const settlement = await settlementWith(memoryPaymentLog())
    const cap = money(1n, await settlement.reader.token())
    for (const lifetimeSecs of [59, 60.5, Number.NaN, -1])
      await expect(
        settlement.sessions.open(wallet, { receiver: receiver.address, cap, lifetimeSecs })
      ).rejects.toMatchObject({ code: 'invalid-argument' })
    expect(wallet.asked).toEqual([])
  })
})

describe('a creator’s pool', () => {
  it('is opened, funded for a content, and taken out of when that was announced', async () => {
    const settlement = await settlementWith(memoryPaymentLog())
    const { pools, reader } = settlement
    const before = await balance(settlement)
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
    await call('craftec_advanceTime', 31 * 86_400)
    await pools.withdraw(wallet)
    await pools.closeContentFund(wallet, contentId)
    await pools.close(wallet)
    expect(await reader.creatorPool(wallet.address)).toBeUndefined()
    expect(await balance(settlement)).toBe(before)
    await pools.create(wallet, 1)
  })
})

describe('what is paid in', () => {
  it('must be what was expected', async () => {
    const { mint } = await (await settlementWith(memoryPaymentLog())).reader.token()
    const program = parseAddress(chain.programs.settlement ?? '')
    const over = { endpoints: [], program, rpc, log: memoryPaymentLog(), sessions: memorySessionStore() }
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
    const settlement = await settlementWith(memoryPaymentLog(), connectChain({ endpoints: [url, chain.url] }))
    await settlement.subscribe(wallet, { plan: DATA_STANDARD, poolId })
    expect(asked).toBeGreaterThan(0)
  })

  it('that are all down are said to be', async () => {
    const settlement = await settlementWith(memoryPaymentLog(), connectChain({ endpoints: [url] }))
    await expect(settlement.subscribe(wallet, { plan: DATA_STANDARD, poolId })).rejects.toMatchObject({
      code: 'rpc-unreachable'
    })
    expect(wallet.asked).toEqual([])
  })

  it.each(['http://rpc.example.org', 'ftp://127.0.0.1', 'nonsense', ''])('must be safe addresses: %j', text => {
    expect(() => connectChain({ endpoints: [text] })).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})
