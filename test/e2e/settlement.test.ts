/** A browser wallet and the real program: one approval, a thousand vouchers, and nothing lost or paid twice when things break. */
import { ed25519 } from '@noble/curves/ed25519.js'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Chain, settlementProgram, startChain } from '../../chain/index.ts'
import { systemClock, systemRandom } from '../../sdk/async/index.ts'
import { decodeHex, encodeHex } from '../../sdk/codec/index.ts'
import {
  connectChain,
  createSettlement,
  memoryPaymentLog,
  memorySessionStore,
  pay
} from '../../sdk/settlement/client/index.ts'
import {
  addressBytes,
  type ChainRpc,
  createCreatorPool,
  creatorPoolAccount,
  decodeSignedVoucher,
  type Instruction,
  money,
  parseAddress,
  type Settlement
} from '../../sdk/settlement/index.ts'
import {
  buildMerkleTree,
  encodeDistributionMessage,
  postDistribution,
  quorumCheck
} from '../../sdk/settlement/operator/index.ts'
import { type Chromium, launchChromium } from '../../tools/launch-chromium.ts'
import { type PageServer, startPageServer } from '../../tools/page-server.ts'
import { type KeyWallet, keyWallet } from '../kit/key-wallet.ts'
import type { Dapp } from './settlement-page.ts'

const PRICE = 5_000_000n
const TOKENS = 100_000_000
const seed = systemRandom(32)
const address = keyWallet(seed).address

let chain: Chain
let rpc: ChainRpc
/** Of whoever is paid. */
let provider: KeyWallet
let providers: Settlement
let server: PageServer
let chromium: Chromium
let page: Page

beforeAll(async () => {
  chain = await startChain({ testMethods: true, slotMs: 100, programs: [await settlementProgram()] })
  rpc = connectChain({ endpoints: [chain.url] })
  provider = keyWallet(systemRandom(32))
  for (const who of [address, provider.address]) {
    await call('requestAirdrop', who, 1_000_000_000)
    await call('craftec_requestTokens', who, who === address ? TOKENS : 0)
  }
  providers = await createSettlement({
    endpoints: [],
    program: program(),
    rpc,
    log: memoryPaymentLog(),
    sessions: memorySessionStore()
  })
  server = await startPageServer({
    rootDir: new URL('../..', import.meta.url).pathname,
    files: { '/': html() },
    bundle: true
  })
  chromium = await launchChromium()
  page = await (await chromium.newContext(server.origin)).newPage()
  await load()
})

afterAll(async () => {
  await chromium?.close()
  await server?.close()
  await chain?.stop()
})

function program() {
  return parseAddress(chain.programs.settlement ?? '')
}

function html(): string {
  return `<!doctype html><title>settlement</title><script type="module">
    import { openDapp } from '/test/e2e/settlement-page.ts'
    globalThis.dapp = await openDapp(${JSON.stringify(chain.url)}, ${JSON.stringify(program())}, ${JSON.stringify(encodeHex(seed))})
  </script>`
}

/** Open the page, or open it again, as a user would: the wallet has to be connected afresh. */
async function load(): Promise<void> {
  await page.goto(server.origin)
  await page.waitForFunction('globalThis.dapp !== undefined')
  expect(await inPage('connect')).toEqual(['Test wallet', address])
}

async function inPage<Name extends keyof Dapp>(
  name: Name,
  ...args: Parameters<Dapp[Name]>
): Promise<Awaited<ReturnType<Dapp[Name]>>> {
  return page.evaluate(
    async ([method, given]) => {
      const { dapp } = globalThis as unknown as { dapp: Record<string, (...given: unknown[]) => unknown> }
      return dapp[method]?.(...given)
    },
    [name, args] as [string, unknown[]]
  ) as Promise<Awaited<ReturnType<Dapp[Name]>>>
}

/** The code of the error that a call of the page ends with. */
async function failure<Name extends keyof Dapp>(name: Name, ...args: Parameters<Dapp[Name]>): Promise<string> {
  return page.evaluate(
    async ([method, given]) => {
      const { dapp } = globalThis as unknown as { dapp: Record<string, (...given: unknown[]) => Promise<unknown>> }
      try {
        await dapp[method]?.(...given)
        return 'none'
      } catch (error) {
        return (error as { code: string }).code
      }
    },
    [name, args] as [string, unknown[]]
  )
}

async function call(method: string, ...params: readonly unknown[]): Promise<void> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const response = await fetch(chain.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const answer = (await response.json()) as { error?: { message: string } }
  if (answer.error) throw new Error(answer.error.message)
}

const balance = async (): Promise<bigint> => BigInt(await inPage('balance'))
const newPool = (): string => encodeHex(systemRandom(32))

describe('a subscription', () => {
  it('is bought with one approval', async () => {
    const before = await balance()
    const signed = await inPage('signed')
    await inPage('subscribe', newPool())
    expect(before - (await balance())).toBe(PRICE)
    expect((await inPage('signed')) - signed).toBe(1)
  })

  it('that the user rejects costs nothing, and can be bought afterwards', async () => {
    const before = await balance()
    const pool = newPool()
    await inPage('answer', false)
    expect(await failure('subscribe', pool)).toBe('wallet-rejected')
    await inPage('answer', true)
    expect(await balance()).toBe(before)
    await inPage('subscribe', pool)
    expect(before - (await balance())).toBe(PRICE)
  })
})

it('pays through craft.settlement, which ends with the node and starts with it again', async () => {
  const before = await balance()
  const visit = await inPage('payThroughCraftec', provider.address)
  expect(visit.plans).toBe(18)
  expect(visit.spent[1]).toBe('1000')
  expect(visit.refusals).toEqual(['stopped', 'wallet-unavailable'])
  expect(BigInt(visit.balanceAfterRestart)).toBe(before - BigInt(visit.spent[0] ?? 0) - 1_000n)
  expect(BigInt(visit.spent[0] ?? 0)).toBeGreaterThan(0n)
  await providers.sessions.redeem(provider, decodeSignedVoucher(decodeHex(visit.voucher)))
})

describe('a session', () => {
  it('pays a thousand times after one approval, is resumed by a new page, and is redeemed on the chain', async () => {
    const before = await balance()
    const signed = await inPage('signed')
    const session = await inPage('openSession', provider.address, '1000000')
    expect((await inPage('signed')) - signed).toBe(1)
    const { vouchers, ms } = await inPage('spend', 1_000, '100')
    console.log(`vouchers a second: ${Math.round((vouchers / ms) * 1000)}`)
    await load()
    expect(await inPage('resumeSession', session)).toBe('100000')
    const { last } = await inPage('spend', 1, '50')
    const voucher = decodeSignedVoucher(decodeHex(last))
    expect(voucher.voucher).toMatchObject({ seq: 1_001n, amount: 100_050n })
    expect(await inPage('signed')).toBe(0)
    await providers.sessions.redeem(provider, voucher)
    expect(before - (await balance())).toBe(100_050n)
    expect(await failure('closeSession', session)).toBe('account-invalid')
  })

  it('whose receiver does nothing gives the rest back after the delay', async () => {
    const before = await balance()
    const session = await inPage('openSession', provider.address, '300000')
    await providers.sessions.record(provider, decodeSignedVoucher(decodeHex((await inPage('spend', 1, '1000')).last)))
    expect(await inPage('closeSession', session)).toBe('announced')
    expect(await failure('closeSession', session)).toBe('transaction-failed')
    await call('craftec_advanceTime', 3_700)
    expect(await inPage('closeSession', session)).toBe('closed')
    expect(before - (await balance())).toBe(1_000n)
  })

  it('over what the wallet holds is refused before the wallet is asked', async () => {
    const signed = await inPage('signed')
    expect(await failure('openSession', provider.address, '999999999999')).toBe('transaction-failed')
    expect(await inPage('signed')).toBe(signed)
  })
})

it('claims its share of a distribution with a proof', async () => {
  const creator = keyWallet(systemRandom(32))
  await call('requestAirdrop', creator.address, 1_000_000_000)
  await call('craftec_requestTokens', creator.address, 900_000)
  const { at, reader } = providers
  const context = { rpc, log: memoryPaymentLog(), clock: systemClock, program: at.program }
  const { mint } = await reader.token()
  const send = (key: string, ...instructions: Instruction[]) =>
    pay(context, creator, { key, summary: key, instructions })
  await send('pool', createCreatorPool(at, { creator: creator.address, mint, service: 1 }))
  await providers.fundCreatorPool(creator, {
    creator: creator.address,
    amount: money(900_000n, await reader.token()),
    key: 'first'
  })
  const pool = at.creatorPool(creator.address)
  const [account] = await rpc.accounts([pool])
  if (account === undefined) throw new Error('no pool')
  const { ledger } = creatorPoolAccount.decode(at.program, account)
  const operators = [address, provider.address, creator.address].map(addressBytes)
  const tree = buildMerkleTree(operators.map(operator => ({ operator, weight: 2n })))
  const key = { pool, poolOpenedSlot: ledger.openedSlot, epoch: ledger.epoch }
  const terms = { amount: 600_000n, totalWeight: tree.totalWeight, root: tree.root, entries: 3, mode: 0 }
  const message = { ...key, ...terms, program: at.program, openedSlot: ledger.openedSlot }
  const signature = ed25519.sign(encodeDistributionMessage(message), chain.admin.secretKey)
  const quorum = quorumCheck(message, [{ signer: parseAddress(chain.admin.address), signature }])
  await send('post', quorum, postDistribution(at, { ...key, ...terms, poster: creator.address }))

  const before = await balance()
  const index = tree.indexOf(addressBytes(address))
  const entry = {
    distribution: at.distribution(key),
    pool,
    mode: 0,
    weight: '2',
    index,
    proof: tree.proof(index).map(encodeHex)
  }
  await inPage('claim', entry)
  const { feeBps } = await reader.config()
  expect((await balance()) - before).toBe(200_000n - (200_000n * BigInt(feeBps)) / 10_000n)
  expect(await failure('claim', entry)).toBe('already-paid')
})

describe('when things break', () => {
  /** Requests to the chain that name a method of these fail, as if the network did. */
  const breakMethods = async (...methods: readonly string[]): Promise<void> => {
    await page.route(`${chain.url}/**`, route => {
      const body = route.request().postData() ?? ''
      return methods.some(method => body.includes(`"${method}"`)) ? route.abort() : route.continue()
    })
  }

  it('RPC that is down before signing costs nothing', async () => {
    const before = await balance()
    await breakMethods('simulateTransaction')
    expect(await failure('subscribe', newPool())).toBe('rpc-unreachable')
    await page.unrouteAll()
    expect(await balance()).toBe(before)
  })

  it('a page reloaded between sending and hearing of it pays once, and says so', async () => {
    const before = await balance()
    const pool = newPool()
    await breakMethods('getSignatureStatuses')
    const sent = page.waitForRequest(request => (request.postData() ?? '').includes('getSignatureStatuses'))
    inPage('subscribe', pool).catch(() => {})
    await sent
    await load()
    await page.unrouteAll()
    expect(await inPage('settleOpen')).toEqual(['Subscribe to data standard, monthly: 5 USDC: landed'])
    expect(before - (await balance())).toBe(PRICE)
    expect(await failure('subscribe', pool)).toBe('transaction-failed')
    expect(before - (await balance())).toBe(PRICE)
  })

  it('RPC that is down after signing does not make the user pay again', async () => {
    const before = await balance()
    const pool = newPool()
    await breakMethods('sendTransaction')
    const tried = page.waitForRequest(request => (request.postData() ?? '').includes('sendTransaction'))
    const paid = inPage('subscribe', pool)
    await tried
    await page.unrouteAll()
    await paid
    expect(before - (await balance())).toBe(PRICE)
  })

  it('tells a dapp that the user chose another account', async () => {
    const other = systemRandom(32)
    expect(await inPage('otherAccount', encodeHex(other))).toBe(keyWallet(other).address)
    expect(await failure('subscribe', newPool())).toBe('wallet-rejected')
  })
})
