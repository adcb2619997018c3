/** What a page alone cannot show: a real quota that is used up, and a browser that dies. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CHROMIUM_ADVICE, CHROMIUM_ARGS, findChromium } from '../../tools/chromium.mjs'
import { browserBuildOptions } from '../../tools/esbuild-bundle-plugin.ts'
import type { Visit } from './identity-vault-page.ts'

declare const visit: Visit

let server: Server
let origin: string
let profile: string
let context: BrowserContext | undefined

beforeAll(async () => {
  const { outputFiles } = await build({
    ...browserBuildOptions(join(import.meta.dirname, '../..')),
    entryPoints: [join(import.meta.dirname, 'identity-vault-page.ts')],
    write: false
  })
  const html = `<!doctype html><script type="module">${outputFiles[0]?.text}</script>`
  server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise(resolve => server.close(resolve)))

beforeEach(async () => {
  profile = await mkdtemp(join(tmpdir(), 'craftec-vault-'))
})
afterEach(async () => {
  await context?.close()
  await rm(profile, { recursive: true })
})

/** The page of the vault, in a browser that keeps its data in `profile`. */
async function startBrowser(): Promise<Page> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error(CHROMIUM_ADVICE)
  context = await chromium.launchPersistentContext(profile, { executablePath, args: CHROMIUM_ARGS })
  const page = await context.newPage()
  await page.goto(origin)
  await page.waitForFunction(() => 'visit' in globalThis)
  return page
}

describe('identity vault', () => {
  it('on a full disk: storage-full, what was there opens, and with room again it goes on', async () => {
    const page = await startBrowser()
    const session = await page.context().newCDPSession(page)
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 200_000 })
    await page.evaluate(() => visit.create('first'))
    await page.evaluate(() => visit.fill())
    expect(await page.evaluate(() => visit.tryToCreate('second'))).toEqual({
      code: 'storage-full',
      causeName: 'QuotaExceededError'
    })
    expect(await page.evaluate(() => visit.labels())).toEqual(['first'])
    await session.send('Storage.overrideQuotaForOrigin', { origin })
    await page.evaluate(() => visit.create('third'))
    expect(await page.evaluate(() => visit.labels())).toEqual(['first', 'third'])
  })

  it('has an identity for good once create() has resolved, though the browser crashes at that moment', async () => {
    const page = await startBrowser()
    const session = await page.context().newCDPSession(page)
    await page.evaluate(() => visit.create('survivor'))
    const gone = new Promise<void>(resolve => page.context().once('close', () => resolve()))
    session.send('Browser.crash').catch(() => {})
    await gone
    const again = await startBrowser()
    expect(await again.evaluate(() => visit.labels())).toEqual(['survivor'])
  })
})
