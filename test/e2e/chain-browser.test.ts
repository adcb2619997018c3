/** The local chain from pages in a real browser: what a dapp's page may do with it, and what a web site may not. */
import { join } from 'node:path'
import type * as Web3 from '@solana/web3.js'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Chain, startChain } from '../../chain/index.ts'
import { type Chromium, launchChromium } from '../../tools/launch-chromium.ts'
import { type PageServer, startPageServer } from '../../tools/page-server.ts'

const PAGE =
  '<!doctype html><title>dapp</title><script src="/node_modules/@solana/web3.js/lib/index.iife.min.js"></script>'
/** A web site whose name was made to point at this machine, the chain's port included. */
const STRANGER = 'stranger.test'

let chain: Chain
let server: PageServer
let chromium: Chromium

beforeAll(async () => {
  chain = await startChain({ slotMs: 100 })
  server = await startPageServer({ rootDir: join(import.meta.dirname, '../..'), files: { '/': PAGE } })
  chromium = await launchChromium({ args: [`--host-resolver-rules=MAP ${STRANGER} 127.0.0.1`] })
})

afterAll(async () => {
  await chromium?.close()
  await server?.close()
  await chain?.stop()
})

async function open(url: string): Promise<Page> {
  const page = await chromium.browser.newPage()
  await page.goto(url)
  return page
}

it('lets a local page send, confirm and subscribe with web3.js as it is', async () => {
  const page = await open(server.origin)
  const result = await page.evaluate(
    async ([url, seed]) => {
      const { solanaWeb3: web3 } = globalThis as unknown as { solanaWeb3: typeof Web3 }
      const connection = new web3.Connection(url, 'confirmed')
      const wallet = web3.Keypair.fromSeed(Uint8Array.from(seed))
      const to = web3.Keypair.generate().publicKey
      let noticed: number | undefined
      connection.onAccountChange(to, ({ lamports }) => {
        noticed = lamports
      })
      const send = (lamports: number): Promise<string> => {
        const transfer = web3.SystemProgram.transfer({ fromPubkey: wallet.publicKey, toPubkey: to, lamports })
        return web3.sendAndConfirmTransaction(connection, new web3.Transaction().add(transfer), [wallet])
      }
      const signature = await send(5_000_000)
      const read = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 })
      const balance = await connection.getBalance(to)
      // web3.js does not tell when it is subscribed: the first transfer may be older than that
      for (let more = 1; noticed === undefined && more <= 100; more++) await send(more)
      return { balance, noticed: noticed !== undefined && noticed >= balance, fee: read?.meta?.fee }
    },
    [chain.url, [...chain.wallet.secretKey]] as const
  )
  expect(result).toEqual({ balance: 5_000_000, noticed: true, fee: 5000 })
})

it('gives a web site nothing: neither across origins, nor under a name of its own that points here', async () => {
  const before = await transactionCount()
  const stranger = await open(server.origin.replace('127.0.0.1', STRANGER))
  const asked = await stranger.evaluate(
    async ([url, rebound, socketUrl, to]) => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'requestAirdrop', params: [to, 1_000_000_000] })
      const ask = (target: string, init: RequestInit): Promise<string> =>
        fetch(target, { method: 'POST', body, ...init }).then(
          async answer => `${answer.status} ${(await answer.text()).includes('result')}`,
          () => 'refused'
        )
      const socket = (target: string): Promise<string> =>
        new Promise(resolve => {
          const opened = new WebSocket(target)
          opened.onopen = () => resolve('open')
          opened.onerror = () => resolve('refused')
        })
      return {
        crossOrigin: await ask(url, {}),
        preflight: await ask(url, { headers: { 'content-type': 'application/json' } }),
        blind: await ask(url, { mode: 'no-cors' }),
        rebound: await ask(rebound, {}),
        sockets: [await socket(socketUrl), await socket(socketUrl.replace('127.0.0.1', new URL(rebound).hostname))]
      }
    },
    [chain.url, chain.url.replace('127.0.0.1', STRANGER), chain.webSocketUrl, chain.mint.address] as const
  )
  expect(asked).toEqual({
    crossOrigin: 'refused',
    preflight: 'refused',
    // Opaque to the page; that nothing happened, the ledger tells.
    blind: '0 false',
    rebound: 'refused',
    sockets: ['refused', 'refused']
  })
  expect(await transactionCount()).toBe(before)
})

async function transactionCount(): Promise<number> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getTransactionCount' })
  return (await (await fetch(chain.url, { method: 'POST', body })).json()).result
}
