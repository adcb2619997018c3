/** A node inside a service worker: the page asks for something, and the worker brings it over a circuit. */
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DemoOrigin, type Devnet, startDemoOrigin, startDevnet } from '../../relay-server/devnet/index.ts'
import { browserBuildOptions } from '../../tools/esbuild-bundle-plugin.ts'
import { type Chromium, launchChromium } from '../../tools/launch-chromium.ts'
import { type PageServer, startPageServer } from '../../tools/page-server.ts'

/** At the root: a worker's scope is its own folder. */
const SCRIPT = '/service-worker.js'
const root = join(import.meta.dirname, '../..')
let origin: DemoOrigin
let devnet: Devnet
let server: PageServer
let chromium: Chromium
let page: Page

beforeAll(async () => {
  origin = await startDemoOrigin()
  devnet = await startDevnet({ relays: 3, exits: 1, localOrigins: [`127.0.0.1:${origin.port}`] })
  server = await startPageServer({
    rootDir: root,
    files: { '/': '<!doctype html><title>service worker</title>', [SCRIPT]: await bundledWorker() }
  })
  chromium = await launchChromium()
  page = await (await chromium.newContext(server.origin)).newPage()
  await page.goto(server.origin)
})

afterAll(async () => {
  await chromium?.close()
  await server?.close()
  await devnet?.stop()
  await origin?.stop()
})

/** One file, as an application would ship it: service workers load nothing later, and Chromium keeps none over a few MiB. */
async function bundledWorker(): Promise<string> {
  const { outputFiles } = await build({
    ...browserBuildOptions(root),
    entryPoints: [join(root, 'test/e2e/net/service-worker.ts')],
    minify: true,
    write: false
  })
  return outputFiles[0]?.text ?? ''
}

interface Answer {
  readonly status: number
  readonly path: string | null
  readonly body: string
}

async function register(bootstrap: readonly string[]): Promise<void> {
  const query = new URLSearchParams(bootstrap.map(address => ['bootstrap', address]))
  await page.evaluate(async url => {
    const controlled = new Promise(resolve => {
      navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true })
    })
    await navigator.serviceWorker.register(url, { type: 'module' })
    await controlled
  }, `${SCRIPT}?${query}`)
}

function get(url: string): Promise<Answer> {
  return page.evaluate(
    async path => {
      const response = await fetch(path)
      return { status: response.status, path: response.headers.get('x-path'), body: await response.text() }
    },
    `/private/${encodeURIComponent(url)}`
  )
}

describe('a service worker with a node', () => {
  it('brings what the page asks for over three relays and an exit', async () => {
    await register(devnet.bootstrap)
    const { status, path, body } = await get(`${origin.url}/seen`)
    expect(status).toBe(200)
    expect(path).toBe('relay relay relay exit')
    expect(JSON.parse(body).url).toBe('/seen')
    expect(origin.requests.map(request => request.path)).toEqual(['/seen'])
  })

  it('says what went wrong, with the code', async () => {
    const { status, body } = await get(`http://127.0.0.2:${origin.port}/`)
    expect([status, JSON.parse(body).code]).toEqual([502, 'exit-refused'])
  })
})
