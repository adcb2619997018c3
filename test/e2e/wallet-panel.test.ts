/** The demo page's wallet panel, clicked through as a visitor would, on a local chain. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Chain, settlementProgram, startChain } from '../../chain/index.ts'
import { type Chromium, launchChromium } from '../../tools/launch-chromium.ts'
import { type PageServer, startPageServer } from '../../tools/page-server.ts'

const DAPP = '/examples/dapp/'
const PLAN = 'Subscribe to data standard, monthly, 5 USDC'
const ACTION_TIMEOUT_MS = 45_000

let chain: Chain
let server: PageServer
let chromium: Chromium
let page: Page

beforeAll(async () => {
  const program = await settlementProgram()
  chain = await startChain({ testMethods: true, slotMs: 100, programs: [program] })
  const network = {
    bootstrap: [],
    suggestions: [],
    chain: {
      rpc: chain.url,
      program: program.address,
      payee: chain.admin.address,
      testWalletSeed: [...chain.wallet.secretKey]
    }
  }
  server = await startPageServer({
    rootDir: new URL('../..', import.meta.url).pathname,
    files: { [`${DAPP}network.json`]: JSON.stringify(network) },
    bundle: true
  })
  chromium = await launchChromium()
  page = await (await chromium.newContext(server.origin)).newPage()
  page.setDefaultTimeout(ACTION_TIMEOUT_MS)
  await page.goto(`${server.origin}${DAPP}`)
})

afterAll(async () => {
  await chromium?.close()
  await server?.close()
  await chain?.stop()
})

const click = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click()
const review = () => page.getByRole('dialog', { name: 'What you are about to sign' })
const agree = (): Promise<void> => review().getByRole('button', { name: 'Sign with the wallet' }).click()

/** Wait until the panel says so; it says what it does last when all else is drawn. */
async function says(text: string): Promise<void> {
  await page.locator('#wallet[aria-busy=false]', { has: page.getByText(text) }).waitFor()
}

/** In base units. */
async function balance(): Promise<number> {
  const text = (await page.locator('#wallet-chip').textContent()) ?? ''
  return Math.round(Number(text.replace(' USDC', '')) * 1e6)
}

async function connect(): Promise<void> {
  await click('Use the test wallet')
  await says('Craftec test wallet is connected.')
}

it('explains what a wallet is when none is installed, and brings one that is worthless', async () => {
  await page.getByRole('heading', { name: 'No wallet installed' }).waitFor()
  await page.getByText('what it holds is worthless').waitFor()
  const plan = page.getByRole('button', { name: PLAN })
  await plan.waitFor()
  expect(await plan.isDisabled()).toBe(true)
  await connect()
  expect(await balance()).toBe(10_000_000_000)
})

describe('a plan', () => {
  it('is not bought when the review is declined, by keyboard alone', async () => {
    await page.getByRole('button', { name: PLAN }).focus()
    await page.keyboard.press('Enter')
    await review().getByText('Subscribe to data standard, monthly: 5 USDC').waitFor()
    await page.keyboard.press('Escape')
    await says('Nothing was paid.')
    expect(await balance()).toBe(10_000_000_000)
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('plan-1-2-0')
  })

  it('is bought for its price after one review', async () => {
    await page.getByRole('button', { name: PLAN }).click()
    await agree()
    await says('Subscribed to data standard, monthly for 5 USDC.')
    expect(await balance()).toBe(9_995_000_000)
    await page.getByRole('row', { name: 'data standard, monthly' }).getByText('until').waitFor()
  })

  it('is renewed, and the next period taken back', async () => {
    await click('Renew: data standard, monthly')
    await agree()
    await says('The next period of data standard, monthly is paid.')
    expect(await balance()).toBe(9_990_000_000)
    await click('Take back: data standard, monthly')
    await agree()
    await says('The next period of data standard, monthly is paid back.')
    expect(await balance()).toBe(9_995_000_000)
  })
})

describe('a session', () => {
  it('over an amount that is none is refused in plain words', async () => {
    await page.getByLabel('Spend at most').fill('1,5')
    await click('Open a session')
    await says('That does not work')
  })

  it('spends without asking until it is stopped, and goes on after a reload', async () => {
    await page.getByLabel('Spend at most').fill('1.5')
    await click('Open a session')
    await agree()
    await says('A session over 1.5 USDC is open.')
    await page.getByLabel('Let it spend more').fill('0.5')
    await click('Top up')
    await agree()
    await says('The session may spend 0.5 USDC more.')
    await page.locator('#wallet-session').getByText('2 USDC left').waitFor()
    expect(await balance()).toBe(9_993_000_000)
    await click('Spend')
    await page.waitForFunction(() =>
      [...document.querySelectorAll('#wallet-session .facts span')].some(fact =>
        /^[1-9][\d,]* vouchers\/s$/.test(fact.textContent ?? '')
      )
    )
    await click('Stop')
    await says('without a question.')
    const spent = await page.locator('#wallet-session').getByText('spent').textContent()
    expect(spent).not.toBe('0 USDC spent')
    await page.reload()
    await page.getByRole('heading', { name: 'No wallet installed' }).waitFor()
    await connect()
    expect(await page.locator('#wallet-session').getByText('spent').textContent()).toBe(spent)
  })

  it('pays what was spent and gives the rest back when it is closed', async () => {
    await click('Close the session')
    await review().getByText('Record a voucher').waitFor()
    await agree()
    await review().getByText('Announce the end').waitFor()
    await agree()
    await says('The end of the session is announced.')
    await click('Skip 60 minutes')
    await says('The clock of the local chain moved.')
    await click('Take the rest back')
    await agree()
    await says('the rest is back.')
    const after = await balance()
    expect(after).toBeLessThan(9_995_000_000)
    expect(after).toBeGreaterThan(9_993_000_000)
  })
})

it('says what became of a payment that an earlier visit left open', async () => {
  await page.route(`${chain.url}/**`, route =>
    (route.request().postData() ?? '').includes('getSignatureStatuses') ? route.abort() : route.continue()
  )
  const sent = page.waitForRequest(request => (request.postData() ?? '').includes('getSignatureStatuses'))
  await page.getByRole('button', { name: 'Subscribe to tunnel 1, monthly, 15 USDC' }).click()
  await agree()
  await sent
  // before the network is back, or this visit would hear of it
  await page.reload()
  await page.unrouteAll()
  await page.getByText('From an earlier visit: "Subscribe to tunnel 1, monthly: 15 USDC" was paid.').first().waitFor()
})

it('tells in plain words that the chain does not answer', async () => {
  await page.route(`${chain.url}/**`, route => route.abort())
  await page.reload()
  await says('The chain does not answer')
})
