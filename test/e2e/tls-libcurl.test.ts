/** libcurl.js as an engine in a real Chromium, under a strict policy, over a network of relay processes. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Devnet, startDevnet } from '../../relay-server/devnet/index.ts'
import { type Chromium, launchChromium } from '../../tools/launch-chromium.ts'
import { type PageServer, startPageServer } from '../../tools/page-server.ts'
import { ipName, makeLeaf, makeRoot, subjectAltName, testKey } from '../kit/certificate-maker.ts'
import type { LibcurlPage } from './tls-libcurl-page.ts'

const SCRIPT = `
  import { libcurlPage } from '/test/e2e/tls-libcurl-page.ts'
  globalThis.libcurl = libcurlPage()
`
const hash = createHash('sha256').update(SCRIPT).digest('base64')
const POLICY = `default-src 'none'; script-src 'self' 'sha256-${hash}' 'wasm-unsafe-eval'; connect-src 'self' ws: blob:`
const PAGE = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${POLICY}"><title>libcurl.js</title><script type="module">${SCRIPT}</script>`
const root = makeRoot('libcurl Root')
const leaf = makeLeaf(root, { extensions: [subjectAltName(ipName(127, 0, 0, 1))] })
const key = testKey('P-256', 'leaf').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const TEXT = 'only TLS 1.2 here '.repeat(20_000)

let site: Server
let port: number
let devnet: Devnet
let server: PageServer
let chromium: Chromium
let page: Page

beforeAll(async () => {
  site = createServer({ cert: leaf.pem, key, maxVersion: 'TLSv1.2' }, (_, response) => response.end(TEXT))
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  port = (site.address() as AddressInfo).port
  devnet = await startDevnet({ relays: 3, exits: 1, localOrigins: [`127.0.0.1:${port}`] })
  server = await startPageServer({ rootDir: join(import.meta.dirname, '../..'), files: { '/': PAGE }, bundle: true })
  chromium = await launchChromium()
  page = await (await chromium.newContext(server.origin)).newPage()
  await page.goto(server.origin)
  await page.waitForFunction('globalThis.libcurl !== undefined')
})

afterAll(async () => {
  await chromium?.close()
  await server?.close()
  await devnet?.stop()
  site?.closeAllConnections()
  site?.close()
})

function fetched(engine: 'libcurl' | 'own'): ReturnType<LibcurlPage['fetch']> {
  const request = {
    bootstrap: devnet.bootstrap,
    rootPem: root.pem,
    wasmUrl: '/node_modules/libcurl.js/libcurl.wasm',
    url: `https://127.0.0.1:${port}/`
  }
  return page.evaluate(
    ([name, options]) => (globalThis as unknown as { libcurl: LibcurlPage }).libcurl.fetch(name, options),
    [engine, request] as const
  )
}

it('fetches from a site that speaks TLS 1.2 only, which the own client refuses', async () => {
  expect(await fetched('own')).toEqual({ code: 'tls-version-unsupported' })
  expect(await fetched('libcurl')).toEqual({ text: TEXT })
})
