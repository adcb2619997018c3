/** RPC endpoints that lie, in front of the real chain: nobody pays twice, and nobody believes what cannot be true. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock, systemRandom } from '../../sdk/async/index.ts'
import { encodeBase58 } from '../../sdk/codec/index.ts'
import { connectChain, memoryPaymentLog, pay } from '../../sdk/settlement/client/index.ts'
import {
  type Address,
  type ChainRpc,
  createCreatorPool,
  creatorPoolAccount,
  money,
  type PaymentDoubt,
  type PaymentReview,
  type Settlement,
  SettlementAddresses
} from '../../sdk/settlement/index.ts'
import { compileTransaction } from '../../sdk/settlement/rpc/index.ts'
import { type KeyWallet, keyWallet } from '../kit/key-wallet.ts'
import { type Lie, type LyingRpc, Raw, startLyingRpc } from '../kit/lying-rpc.ts'
import { type SettlementNetwork, startSettlementNetwork } from '../kit/settlement-network.ts'

const FAR = 1_000_000
const DEPOSIT = 7_000n
const ANOTHER_GENESIS = encodeBase58(new Uint8Array(32).fill(9))

let network: SettlementNetwork
let honest: ChainRpc
let at: SettlementAddresses
let wallet: KeyWallet
let pool: Address
let liar: LyingRpc

beforeAll(async () => {
  network = await startSettlementNetwork()
  at = new SettlementAddresses(network.program)
  honest = network.rpc
})

afterAll(async () => {
  await network?.stop()
})

beforeEach(async () => {
  wallet = keyWallet(systemRandom(32))
  await network.fund(wallet.address, 100_000_000)
  const settlement = await network.settlement()
  const { mint } = await settlement.reader.token()
  pool = at.creatorPool(wallet.address)
  const context = { rpc: honest, log: memoryPaymentLog(), clock: systemClock, program: at.program }
  const instructions = [createCreatorPool(at, { creator: wallet.address, mint, service: 1 })]
  await pay(context, wallet, { key: 'pool', summary: 'a pool', instructions })
  wallet.asked.length = 0
  liar = await startLyingRpc(network.url)
})

afterEach(() => liar.close())

async function pooled(): Promise<bigint> {
  const [account] = await honest.accounts([pool])
  if (account === undefined) throw new Error('no pool')
  return creatorPoolAccount.decode(at.program, account).ledger.balance
}

async function deposit(
  settlement: Settlement,
  options: Parameters<Settlement['fundCreatorPool']>[2] = {}
): Promise<string> {
  const amount = money(DEPOSIT, await settlement.reader.token())
  return settlement.fundCreatorPool(wallet, { creator: wallet.address, amount, key: 'order 1' }, options)
}

/** Answers of the shape `{ context, value }` with another value. */
const value =
  (change: (value: unknown) => unknown): Lie =>
  truth => {
    const { context, value } = truth as { context: unknown; value: unknown }
    return { context, value: change(value) }
  }
const knowsNothing = value(() => [null])
const isFar: Lie = truth => (truth as number) + FAR
/** Only at the end, so that the lie is not found out when the payment is dated. */
const isFarWhenFinalized: Lie = (truth, params) =>
  JSON.stringify(params).includes('finalized') ? (truth as number) + FAR : truth

describe('a deposit', () => {
  it('is not made twice because the only endpoint says that it can no longer happen', async () => {
    liar.lies = { getBlockHeight: isFarWhenFinalized, getSignatureStatuses: knowsNothing }
    const log = memoryPaymentLog()
    const settlement = await network.settlement(log, connectChain({ endpoints: [liar.url] }))
    for (let attempt = 1; attempt <= 2; attempt++) {
      const stop = new AbortController()
      const doubts: PaymentDoubt[] = []
      const onDoubt = (doubt: PaymentDoubt): void => {
        doubts.push(doubt)
        stop.abort()
      }
      await expect(deposit(settlement, { signal: stop.signal, onDoubt })).rejects.toMatchObject({ code: 'aborted' })
      expect(doubts).toEqual(['height-implausible'])
    }
    expect(wallet.asked.length).toBe(1)
    expect((await log.open()).length).toBe(1)

    liar.lies = {}
    await deposit(settlement)
    expect(wallet.asked.length).toBe(1)
    expect(await pooled()).toBe(DEPOSIT)
  })

  it('is not made twice because the only endpoint says that the chain refused it', async () => {
    liar.lies = {
      getSignatureStatuses: value(() => [{ slot: 1, confirmations: 1, err: 'no', confirmationStatus: 'confirmed' }])
    }
    const settlement = await network.settlement(undefined, connectChain({ endpoints: [liar.url] }))
    const stop = new AbortController()
    const onDoubt = (): void => stop.abort()
    await expect(deposit(settlement, { signal: stop.signal, onDoubt })).rejects.toMatchObject({ code: 'aborted' })
    liar.lies = {}
    await deposit(settlement)
    expect(wallet.asked.length).toBe(1)
    expect(await pooled()).toBe(DEPOSIT)
  })

  it.each<[string, LyingRpc['lies']]>([
    ['hides it', { getSignatureStatuses: knowsNothing }],
    ['says that it is over', { getBlockHeight: isFarWhenFinalized, getSignatureStatuses: knowsNothing }],
    ['swallows what it is sent', { sendTransaction: () => encodeBase58(new Uint8Array(64).fill(1)) }],
    ['answers nothing about it', { getSignatureStatuses: () => undefined }],
    ['answers nonsense about it', { getSignatureStatuses: () => new Raw('nonsense') }]
  ])('is made once and told, although one of two endpoints %s', async (_, lies) => {
    liar.lies = lies
    const settlement = await network.settlement(undefined, connectChain({ endpoints: [liar.url, network.url] }))
    await deposit(settlement)
    await expect(deposit(settlement)).rejects.toMatchObject({ code: 'already-paid' })
    expect(wallet.asked.length).toBe(1)
    expect(await pooled()).toBe(DEPOSIT)
  })

  it('that one of two calls refused and the other landed is left to people', async () => {
    liar.lies = {
      getSignatureStatuses: value(() => [{ slot: 1, confirmations: 1, err: 'no', confirmationStatus: 'confirmed' }])
    }
    const settlement = await network.settlement(undefined, connectChain({ endpoints: [liar.url, network.url] }))
    const stop = new AbortController()
    const onDoubt = (doubt: PaymentDoubt): void => {
      if (doubt === 'endpoints-disagree') stop.abort()
    }
    await expect(deposit(settlement, { signal: stop.signal, onDoubt })).rejects.toMatchObject({ code: 'aborted' })
    expect(await pooled()).toBe(DEPOSIT)
  })

  it('is not signed when the endpoints do not agree about the height of the chain', async () => {
    liar.lies = {
      getBlockHeight: isFar,
      getLatestBlockhash: value(latest => {
        const { blockhash, lastValidBlockHeight } = latest as { blockhash: string; lastValidBlockHeight: number }
        return { blockhash, lastValidBlockHeight: lastValidBlockHeight + FAR }
      })
    }
    const settlement = await network.settlement(undefined, connectChain({ endpoints: [liar.url, network.url] }))
    await expect(deposit(settlement)).rejects.toMatchObject({ code: 'rpc-invalid' })
    expect(wallet.asked).toEqual([])
  })

  it('costs no more for the network than is usual, whatever an endpoint says that others pay', async () => {
    liar.lies = { getRecentPrioritizationFees: () => [{ slot: 1, prioritizationFee: 1e15 }] }
    const settlement = await network.settlement(undefined, connectChain({ endpoints: [liar.url] }))
    const reviews: PaymentReview[] = []
    await deposit(settlement, { onReview: review => reviews.push(review) > 0 })
    expect(reviews[0]?.networkFee).toBeGreaterThan(5_000n)
    expect(reviews[0]?.networkFee).toBeLessThanOrEqual(105_000n)
  })
})

describe('a cluster', () => {
  const elsewhere: LyingRpc['lies'] = { getGenesisHash: () => ANOTHER_GENESIS }

  it('must be the same for all endpoints', async () => {
    liar.lies = elsewhere
    const settlement = await network.settlement(undefined, connectChain({ endpoints: [network.url, liar.url] }))
    await expect(deposit(settlement)).rejects.toMatchObject({ code: 'cluster-mismatch' })
    expect(wallet.asked).toEqual([])
  })

  it('must be the one that was asked for', async () => {
    const rpc = connectChain({ endpoints: [network.url], genesisHash: ANOTHER_GENESIS })
    await expect(rpc.cluster()).rejects.toMatchObject({ code: 'cluster-mismatch' })
    await expect(rpc.lifetime()).rejects.toMatchObject({ code: 'cluster-mismatch' })
  })

  it('must be the one that the wallet was connected for', async () => {
    const settlement = await network.settlement(undefined, honest)
    for (const cluster of ['mainnet', 'devnet', 'testnet'] as const) {
      const amount = money(DEPOSIT, await settlement.reader.token())
      const order = { creator: wallet.address, amount, key: 'order 1' }
      await expect(settlement.fundCreatorPool({ ...wallet, cluster }, order)).rejects.toMatchObject({
        code: 'cluster-mismatch'
      })
    }
    expect(wallet.asked).toEqual([])
  })

  it('that is another one says nothing about a payment, and does not make it again', async () => {
    const log = memoryPaymentLog()
    const settlement = await network.settlement(log, honest)
    const stop = new AbortController()
    const onStage = (stage: string): void => {
      if (stage === 'sending') stop.abort()
    }
    await expect(deposit(settlement, { signal: stop.signal, onStage })).rejects.toMatchObject({ code: 'aborted' })

    liar.lies = { ...elsewhere, getBlockHeight: isFar, getSignatureStatuses: knowsNothing }
    const other = await network.settlement(log, connectChain({ endpoints: [liar.url] }))
    const reports: string[] = []
    await other.settleOpenPayments((_, report) =>
      reports.push('doubt' in report ? `${report.state}: ${report.doubt}` : report.state)
    )
    expect(reports).toEqual(['unknown: other-cluster'])
    expect((await log.open()).length).toBe(1)

    await deposit(settlement)
    expect(wallet.asked.length).toBe(1)
    expect(await pooled()).toBe(DEPOSIT)
  })
})

describe('what cannot be true is refused:', () => {
  const account = (change: object): Lie =>
    value(accounts => (accounts as object[]).map(found => ({ ...found, ...change })))
  const latest = (change: object): Lie => value(truth => ({ ...(truth as object), ...change }))

  it.each<[string, string, Lie, (rpc: ChainRpc) => Promise<unknown>]>([
    ['a blockhash of 31 bytes', 'getLatestBlockhash', latest({ blockhash: encodeBase58(new Uint8Array(31)) }), life],
    ['a blockhash that is no text', 'getLatestBlockhash', latest({ blockhash: 7 }), life],
    ['a blockhash that is dead', 'getLatestBlockhash', latest({ lastValidBlockHeight: 1 }), life],
    ['a blockhash that lives for ever', 'getLatestBlockhash', latest({ lastValidBlockHeight: FAR }), life],
    ['a height that is no number', 'getBlockHeight', () => '1', life],
    ['a height below zero', 'getBlockHeight', () => -1, life],
    ['a genesis hash that is none', 'getGenesisHash', () => 'genesis', rpc => rpc.cluster()],
    ['an account without owner', 'getMultipleAccounts', account({ owner: 'nobody' }), config],
    ['an account in another encoding', 'getMultipleAccounts', account({ data: ['', 'base58'] }), config],
    ['an account that is not base64', 'getMultipleAccounts', account({ data: ['%', 'base64'] }), config],
    ['an account without data', 'getMultipleAccounts', account({ data: null }), config],
    ['more accounts than asked for', 'getMultipleAccounts', value(found => [...(found as []), null]), config],
    ['accounts that are no list', 'getMultipleAccounts', value(() => ({})), config],
    ['no context', 'getMultipleAccounts', () => [], config],
    ['a simulation that says nothing', 'simulateTransaction', value(() => ({})), simulation],
    ['a log of millions of lines', 'simulateTransaction', value(() => ({ err: null, logs: Array(2_000) })), simulation],
    ['fees that are no numbers', 'getRecentPrioritizationFees', () => [{ prioritizationFee: '1' }], fee],
    ['something else than JSON', 'getRecentPrioritizationFees', () => new Raw('<html>'), fee],
    ['something else than JSON-RPC', 'getRecentPrioritizationFees', () => new Raw('7'), fee],
    ['the answer to another request', 'getRecentPrioritizationFees', () => new Raw('{"id":-1,"result":[]}'), fee],
    ['more than a client can hold', 'getRecentPrioritizationFees', () => new Raw(' '.repeat(9 * 1024 * 1024)), fee]
  ])('%s', async (_, method, lie, ask) => {
    liar.lies = { [method]: lie }
    await expect(ask(connectChain({ endpoints: [liar.url] }))).rejects.toMatchObject({ code: 'rpc-invalid' })
    // another endpoint makes up for it
    await ask(connectChain({ endpoints: [liar.url, network.url] }))
  })

  it('an account of another program in the place of ours', async () => {
    liar.lies = { getMultipleAccounts: account({ owner: '11111111111111111111111111111111' }) }
    const settlement = await network.settlement(undefined, connectChain({ endpoints: [liar.url] }))
    await expect(settlement.reader.config()).rejects.toMatchObject({ code: 'account-invalid' })
  })

  it('that nothing is known of a time that was forgotten', async () => {
    const genesis = await honest.cluster()
    const payment = {
      cluster: genesis,
      signature: encodeBase58(systemRandom(64)),
      fromSlot: 5,
      lastValidBlockHeight: 0
    }
    const { signal } = new AbortController()
    const rpc = connectChain({ endpoints: [liar.url] })
    expect(await rpc.sights(payment, { signal })).toMatchObject([{ status: undefined }])
    liar.lies = { getFirstAvailableBlock: () => 6 }
    expect(await rpc.sights(payment, { signal })).toEqual([undefined])
  })
})

function life(rpc: ChainRpc): Promise<unknown> {
  return rpc.lifetime()
}

function config(rpc: ChainRpc): Promise<unknown> {
  return rpc.accounts([at.config()])
}

function fee(rpc: ChainRpc): Promise<unknown> {
  return rpc.priorityFee([at.config()])
}

/** Of a transaction that does nothing. */
async function simulation(rpc: ChainRpc): Promise<unknown> {
  const { blockhash } = await rpc.lifetime()
  return rpc.simulate(compileTransaction({ blockhash, feePayer: wallet.address, instructions: [] }))
}
