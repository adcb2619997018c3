/**
 * `npm run smoke`: one private fetch, end to end, on free ports: a devnet, a web site, a real Chromium. Then every relay is
 * killed, and a fetch must fail without the site seeing anything. The last line is one JSON object with what was measured.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { startDemoOrigin, startDevnet } from '../relay-server/devnet/index.ts'
import { ERROR_CODES } from '../sdk/errors/index.ts'
import type { FetchFigures, Rejection, SmokePage } from '../test/smoke/page.ts'
import { launchChromium } from '../tools/launch-chromium.ts'
import { countEventsNaming, readNetLog } from '../tools/net-log.ts'
import { startPageServer } from '../tools/page-server.ts'

const root = join(import.meta.dirname, '..')
const FILE_BYTES = 10 * 1024 * 1024
const AFTER_KILL_TIMEOUT_MS = 8_000
/** A deadline is kept when the answer comes within this of it: one turn of a busy event loop, not a retry. */
const GRACE_MS = 1_500
const WHOLE_RUN_TIMEOUT_MS = 180_000

interface Smoke {
  readonly fetch: FetchFigures
  readonly directPackets: number
  readonly afterKill: Rejection & { readonly deadlineMs: number; readonly originRequests: number }
}

const PAGE = `<!doctype html><title>smoke</title><script type="module">
  import { smokePage } from '/test/smoke/page.ts'
  globalThis.smoke = smokePage()
</script>`

const overall = setTimeout(() => {
  console.error(`smoke: not done after ${WHOLE_RUN_TIMEOUT_MS} ms`)
  process.exit(1)
}, WHOLE_RUN_TIMEOUT_MS)
const folder = mkdtempSync(join(tmpdir(), 'craftec-smoke-'))
try {
  const smoke = await run(join(folder, 'net-log.json'))
  const wrong = complaints(smoke)
  for (const complaint of wrong) console.error(`smoke: ${complaint}`)
  console.log(JSON.stringify(smoke))
  process.exitCode = wrong.length === 0 ? 0 : 1
} catch (error) {
  console.error(`smoke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  process.exitCode = 1
} finally {
  clearTimeout(overall)
  rmSync(folder, { recursive: true, force: true })
}

async function run(netLog: string): Promise<Smoke> {
  await using ends = new AsyncDisposableStack()
  const origin = await startDemoOrigin()
  ends.defer(() => origin.stop())
  const devnet = await startDevnet({ localOrigins: [`127.0.0.1:${origin.port}`], onProgress: say })
  ends.defer(() => devnet.stop())
  const server = ends.use(await startPageServer({ rootDir: root, files: { '/': PAGE }, bundle: true }))
  const chromium = ends.use(await launchChromium({ netLog }))
  const page = await (await chromium.newContext(server.origin)).newPage()
  const broken = new Promise<never>((_, reject) => page.once('pageerror', reject))
  await Promise.race([
    broken,
    page.goto(server.origin).then(() => page.waitForFunction('globalThis.smoke !== undefined'))
  ])
  page.on('pageerror', error => say(`the page: ${error.message}`))

  say('fetching over three relays and an exit ...')
  await inPage(page, 'open', devnet.bootstrap)
  const fetched = await inPage(page, 'fetchBytes', `${origin.url}/bytes?n=${FILE_BYTES}`, FILE_BYTES)
  const seen = origin.requestCount
  if (seen === 0) throw new Error('the bytes arrived, but the site saw no request: this measures nothing')

  say('killing every relay ...')
  await Promise.all(devnet.nodes.map((_, index) => devnet.kill(index)))
  const rejection = await inPage(page, 'fetchRejects', `${origin.url}/bytes?n=1`, AFTER_KILL_TIMEOUT_MS)
  const originRequests = origin.requestCount - seen

  await chromium.close() // completes the log
  const events = readNetLog(netLog)
  const entry = devnet.bootstrap.some(address => {
    const [, host, port] = /\/ip4\/([\d.]+)\/tcp\/(\d+)/.exec(address) ?? []
    return host !== undefined && countEventsNaming(events, host, Number(port)) > 0
  })
  if (!entry) throw new Error("the browser's log does not even show the way into the network: it proves nothing")
  return {
    fetch: fetched,
    directPackets: countEventsNaming(events, '127.0.0.1', origin.port),
    afterKill: { ...rejection, deadlineMs: AFTER_KILL_TIMEOUT_MS, originRequests }
  }
}

function inPage<Name extends keyof SmokePage>(
  page: Page,
  name: Name,
  ...args: Parameters<SmokePage[Name]>
): Promise<Awaited<ReturnType<SmokePage[Name]>>> {
  type Call = (...given: unknown[]) => ReturnType<SmokePage[Name]>
  return page.evaluate(
    async ([method, given]) => {
      const { smoke } = globalThis as unknown as { smoke: Record<string, Call> }
      return await smoke[method]?.(...given)
    },
    [name, args] as [string, unknown[]]
  ) as Promise<Awaited<ReturnType<SmokePage[Name]>>>
}

function complaints({ fetch, directPackets, afterKill }: Smoke): string[] {
  const rules: [boolean, string][] = [
    [fetch.status === 200, `the answer has status ${fetch.status}`],
    [fetch.hops === 3, `the path has ${fetch.hops} relays before the exit, not 3`],
    [fetch.bytesEqual, 'the bytes are not those of the site'],
    [directPackets === 0, `the browser's log names the site's port ${directPackets} times`],
    [ERROR_CODES.some(code => code === afterKill.code), `without relays the fetch ended with ${afterKill.code}`],
    [
      afterKill.rejectedMs <= afterKill.deadlineMs + GRACE_MS,
      `without relays the fetch took ${afterKill.rejectedMs} ms, its deadline was ${afterKill.deadlineMs} ms`
    ],
    [afterKill.originRequests === 0, `without relays the site saw ${afterKill.originRequests} requests`]
  ]
  return rules.filter(([holds]) => !holds).map(([, complaint]) => complaint)
}

function say(text: string): void {
  console.error(`smoke: ${text}`)
}
