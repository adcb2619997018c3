/** A session on the real program behind real JSON-RPC: one approval, then vouchers, whatever breaks on the way. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../../sdk/async/index.ts'
import { memoryPaymentLog, memorySessionStore } from '../../sdk/settlement/client/index.ts'
import {
  type Address,
  type ChainRpc,
  money,
  type RawAccount,
  type SessionStore,
  type Settlement
} from '../../sdk/settlement/index.ts'
import { FIRST_PROGRAM_ERROR, PROGRAM_ERRORS } from '../../sdk/settlement/refusals/program-errors.ts'
import { type KeyWallet, keyWallet } from '../kit/key-wallet.ts'
import { balanceOf, type SettlementNetwork, startSettlementNetwork } from '../kit/settlement-network.ts'

let network: SettlementNetwork
let wallet: KeyWallet

beforeAll(async () => {
  network = await startSettlementNetwork()
})

afterAll(async () => {
  await network?.stop()
})

beforeEach(async () => {
  wallet = keyWallet(systemRandom(32))
  await network.fund(wallet.address, 100_000_000)
})

/** A channel that locks 1,000 units, as if it locked 1,001. */
function oneMore({ owner, data }: RawAccount): RawAccount {
  const changed = data.slice()
  const view = new DataView(changed.buffer)
  for (let at = 0; at + 8 <= changed.length; at += 8)
    if (view.getBigUint64(at, true) === 1_000n) view.setBigUint64(at, 1_001n, true)
  return { owner, data: changed }
}

describe('a session', () => {
  const nowSecs = (): bigint => BigInt(Math.floor(Date.now() / 1000))
  let receiver: KeyWallet

  beforeEach(async () => {
    receiver = keyWallet(systemRandom(32))
    await network.fund(receiver.address, 0)
  })

  const open = async (settlement: Settlement, units = 1_000_000n) =>
    settlement.sessions.open(wallet, {
      receiver: receiver.address,
      cap: money(units, await settlement.reader.token()),
      lifetimeSecs: 3_600
    })

  it('spends up to its cap after one approval, and the receiver is paid what the last voucher says', async () => {
    const settlement = await network.settlement()
    const before = await balanceOf(settlement, wallet.address)
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
    expect(before - (await balanceOf(settlement, wallet.address))).toBe(100_000n)
    const { feeBps } = await settlement.reader.config()
    const paid = await settlement.reader.balance(receiver.address)
    expect(paid?.units).toBe(100_000n - (100_000n * BigInt(feeBps)) / 10_000n)
  })

  it('is redeemed a moment later when the slot that opened it has not passed', async () => {
    const session = await open(await network.settlement())
    const voucher = await session.pay(7n, nowSecs())
    const code = FIRST_PROGRAM_ERROR + PROGRAM_ERRORS.findIndex(([name]) => name === 'OpenedThisSlot')
    const tooSoon = { error: { InstructionError: [3, { Custom: code }] }, logs: [], computeUnits: undefined }
    let trials = 0
    const early = (times: number): ChainRpc => ({
      ...network.rpc,
      simulate: async (wire, options) => (++trials <= times ? tooSoon : network.rpc.simulate(wire, options))
    })
    const impatient = await network.settlement(memoryPaymentLog(), early(Number.POSITIVE_INFINITY))
    await expect(impatient.sessions.redeem(receiver, voucher)).rejects.toMatchObject({ code: 'transaction-failed' })
    trials = 0
    const settlement = await network.settlement(memoryPaymentLog(), early(2))
    await settlement.sessions.redeem(receiver, voucher)
    expect(trials).toBe(3)
  })

  it('goes on after a reload, and takes the newest voucher from who has it', async () => {
    const store = memorySessionStore()
    const log = memoryPaymentLog()
    const first = await open(await network.settlement(log, network.rpc, store))
    const kept = await first.pay(10n, nowSecs())
    await first.keep()
    const settlement = await network.settlement(log, network.rpc, store)
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
      ...network.rpc,
      // says that one unit more is locked than is: another top-up, it seems
      accounts: async (...asked) =>
        (await network.rpc.accounts(...asked)).map(found => (lies && found ? oneMore(found) : found))
    }
    let lies = false
    const settlement = await network.settlement(log, misled)
    const before = await balanceOf(settlement, wallet.address)
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
    expect(before - (await balanceOf(settlement, wallet.address))).toBe(1_500n)

    const last = await session.pay(500n, nowSecs())
    await settlement.sessions.redeem(receiver, last)
    expect(before - (await balanceOf(settlement, wallet.address))).toBe(1_500n)
  })

  it('that is opened again with the same nonce is the same session', async () => {
    const settlement = await network.settlement()
    const before = await balanceOf(settlement, wallet.address)
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
    expect(before - (await balanceOf(settlement, wallet.address))).toBe(1_000n)
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
    const settlement = await network.settlement(memoryPaymentLog(), network.rpc, watched)
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
    const settlement = await network.settlement(memoryPaymentLog(), network.rpc, store)
    const before = await balanceOf(settlement, wallet.address)
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
    await network.call('craftec_advanceTime', 3_700)
    expect(await settlement.sessions.close(wallet, session.address)).toMatchObject({ done: 'closed' })
    expect(before - (await balanceOf(settlement, wallet.address))).toBe(250_000n)
    expect(await settlement.sessions.list(wallet)).toEqual([])
  })

  it('lives for a minute at least', async () => {
    const settlement = await network.settlement()
    const cap = money(1n, await settlement.reader.token())
    for (const lifetimeSecs of [59, 60.5, Number.NaN, -1])
      await expect(
        settlement.sessions.open(wallet, { receiver: receiver.address, cap, lifetimeSecs })
      ).rejects.toMatchObject({ code: 'invalid-argument' })
    expect(wallet.asked).toEqual([])
  })
})
