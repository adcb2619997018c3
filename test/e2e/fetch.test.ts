/** `craft.net.fetch` in a real Chromium, over a real network of relay processes, against a real web site. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DemoOrigin, type Devnet, startDemoOrigin, startDevnet } from '../../relay-server/devnet/index.ts'
import { type Chromium, launchChromium } from '../../tools/launch-chromium.ts'
import { countEventsNaming, readNetLog } from '../../tools/net-log.ts'
import { type PageServer, startPageServer } from '../../tools/page-server.ts'
import { inPage } from './net/in-page.ts'

const BIG = 20_000_000
const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'craftec-fetch-'))
const netLog = join(folder, 'net-log.json')
const PAGE = `<!doctype html><title>fetch</title><script type="module">
  import { netPage } from '/test/e2e/net/page.ts'
  globalThis.net = netPage()
</script>`

let origin: DemoOrigin
let devnet: Devnet
let server: PageServer
let chromium: Chromium
let page: Page

beforeAll(async () => {
  origin = await startDemoOrigin()
  devnet = await startDevnet({ localOrigins: origin.localOrigins })
  server = await startPageServer({ rootDir: root, files: { '/': PAGE }, bundle: true })
  chromium = await launchChromium({ netLog })
  page = await (await chromium.newContext(server.origin)).newPage()
  await page.goto(server.origin)
  await page.waitForFunction('globalThis.net !== undefined')
})

afterAll(async () => {
  await chromium?.close()
  await server?.close()
  await devnet?.stop()
  await origin?.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe.each(['page', 'worker'] as const)('a node in a %s', kind => {
  beforeAll(() =>
    inPage(page, 'open', kind, {
      bootstrap: devnet.bootstrap,
      storage: 'indexeddb',
      net: { tlsRoots: [origin.secure.rootPem] }
    })
  )
  afterAll(() => inPage(page, 'close'))

  it('fetches over three relays and an exit, and says how', async () => {
    const { status, url, text, story } = await inPage(page, 'get', `${origin.url}/redirect?n=1`)
    expect([status, url]).toEqual([200, `${origin.url}/seen`])
    expect(JSON.parse(text).headers['user-agent']).toBe('Mozilla/5.0 (compatible; craftec-web)')
    expect(story.path.map(({ role }) => role)).toEqual(['relay', 'relay', 'relay', 'exit'])
    expect(new Set(story.path.map(({ identity }) => identity)).size).toBe(4)
    expect(['DE', 'US']).toContain(story.path.at(-1)?.country)
    expect(story.hopRoundTripsMs).toHaveLength(4)
    expect(story.redirects).toBe(1)
    expect(story.timing.totalMs).toBeGreaterThan(0)
    await inPage(page, 'stateIs', 'ready')
  })

  it('ends TLS here, for sites that the given roots vouch for', async () => {
    const before = origin.requestCount
    const { status, text } = await inPage(page, 'get', `${origin.secure.url}/seen`, { allowInsecure: false })
    expect([status, JSON.parse(text).method]).toEqual([200, 'GET'])
    expect(origin.requests.at(-1)).toMatchObject({ path: '/seen', secure: true })
    expect(origin.requestCount).toBe(before + 1)
  })

  it('brings 20 MB unchanged', async () => {
    const { bytes, equal } = await inPage(page, 'get', `${origin.url}/bytes?n=${BIG}`)
    expect({ bytes, equal }).toEqual({ bytes: BIG, equal: true })
  }, 180_000)

  it('sends a body, and undoes gzip', async () => {
    const echoed = await inPage(page, 'get', `${origin.url}/echo`, { method: 'POST', body: 'private words' })
    expect(echoed.text).toBe('private words')
    const unzipped = await inPage(page, 'get', `${origin.url}/compressed?encoding=gzip&n=300000`)
    expect([unzipped.bytes, unzipped.equal]).toEqual([300_000, true])
  })

  it('goes the number of hops, and out in the country, that the caller wants', async () => {
    for (const hops of [0, 1, 4] as const) {
      const { story } = await inPage(page, 'get', `${origin.url}/seen`, { hops })
      expect(story.path).toHaveLength(hops + 1)
    }
    const { story } = await inPage(page, 'get', `${origin.url}/seen`, { exit: { country: 'US' } })
    expect(story.path.at(-1)?.country).toBe('US')
    expect((await inPage(page, 'fail', `${origin.url}/seen`, { exit: { country: 'ZZ' } })).code).toBe('no-path')
  })

  it('ends a body with the signal', async () => {
    const { code, bytes } = await inPage(page, 'fail', `${origin.url}/bytes?n=${BIG}`, {}, 500_000)
    expect(code).toBe('aborted')
    expect(bytes).toBeLessThan(BIG)
  })

  it('names what went wrong', async () => {
    expect((await inPage(page, 'fail', `${origin.url}/truncated?n=1000`)).code).toBe('body-truncated')
    expect((await inPage(page, 'fail', origin.url, { allowInsecure: false })).code).toBe('insecure-url')
    expect((await inPage(page, 'fail', 'http://127.0.0.1:1/')).code).toBe('no-path')
    // The port is in the exits' summary, the address is not in their policy: only the exit itself knows.
    expect((await inPage(page, 'fail', `http://127.0.0.2:${origin.port}/`)).code).toBe('exit-refused')
    expect((await inPage(page, 'fail', `${origin.url}/slow?ms=60000&n=2`, { idleTimeoutMs: 500 })).code).toBe('timeout')
  })
})

describe('when every relay is killed', () => {
  it('a fetch that runs ends with an error, a new one fails in time, and nothing ever went out directly', async () => {
    await inPage(page, 'open', 'page', { bootstrap: devnet.bootstrap, storage: 'memory' })
    await inPage(page, 'readUntil', `${origin.url}/bytes?n=${BIG}`, 500_000)
    const seen = origin.requestCount
    await Promise.all(devnet.nodes.map((_, index) => devnet.kill(index)))

    const running = await inPage(page, 'rest')
    expect(['circuit-destroyed', 'timeout']).toContain(running.code)
    expect(running.bytes).toBeLessThan(BIG)
    const after = await inPage(page, 'fail', `${origin.url}/seen`, { timeoutMs: 8_000 })
    expect(['circuit-failed', 'timeout', 'no-path', 'bootstrap-unreachable']).toContain(after.code)
    expect(after.ms).toBeLessThan(8_000 + 1_500)
    await inPage(page, 'stateIs', 'degraded')
    await inPage(page, 'close')

    await chromium.close()
    expect(origin.requestCount).toBe(seen)
    const events = readNetLog(netLog)
    const entry = devnet.bootstrap.map(address => Number(/\/tcp\/(\d+)/.exec(address)?.[1]))
    expect(entry.some(port => countEventsNaming(events, '127.0.0.1', port) > 0)).toBe(true)
    expect(countEventsNaming(events, '127.0.0.1', origin.port)).toBe(0)
  })
})
