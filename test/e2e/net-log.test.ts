import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { launchChromium } from '../../tools/launch-chromium.ts'
import { countEventsNaming, readNetLog } from '../../tools/net-log.ts'
import { startPageServer } from '../../tools/page-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'net-log-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it("the browser's own log tells a direct request from none: what the smoke run relies on", async () => {
  const reached = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1')
  const spared = createServer().listen(0, '127.0.0.1')
  await Promise.all([once(reached, 'listening'), once(spared, 'listening')])
  const [reachedPort, sparedPort] = [reached, spared].map(server => (server.address() as AddressInfo).port)
  const netLog = join(folder, 'net.json')
  await using server = await startPageServer({ rootDir: folder, files: { '/': '<!doctype html><title>page</title>' } })
  const chromium = await launchChromium({ netLog })
  try {
    const page = await (await chromium.newContext(server.origin)).newPage()
    await page.goto(server.origin)
    await page.evaluate(url => fetch(url, { mode: 'no-cors' }), `http://127.0.0.1:${reachedPort}/`)
  } finally {
    await chromium.close()
    reached.close()
    spared.close()
  }
  const events = readNetLog(netLog)
  expect(countEventsNaming(events, '127.0.0.1', reachedPort ?? 0)).toBeGreaterThan(0)
  expect(countEventsNaming(events, '127.0.0.1', sparedPort ?? 0)).toBe(0)
})
