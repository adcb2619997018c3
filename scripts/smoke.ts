/**
 * `npm run smoke`, end to end, on free ports: a devnet, a web site, a chain, a real Chromium. One private `https:` fetch with a tap on
 * the wire behind the exit; content stored by one page and retrieved by another; a subscription bought with a wallet. Then every
 * relay is killed, and a fetch must fail without the site seeing anything. The last line is one JSON object with what was measured.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { demoBytes, startDemoOrigin, startDevnet } from '../relay-server/devnet/index.ts'
import { ERROR_CODES } from '../sdk/errors/index.ts'
import type { FetchFigures, Rejection, SmokePage } from '../test/smoke/page.ts'
import { OBJ_PAGE, type StoreAndRetrieve, storeAndRetrieve } from '../test/smoke/store-and-retrieve.ts'
import { subscribe, WALLET_PAGE } from '../test/smoke/subscribe.ts'
import type { Subscribed } from '../test/smoke/wallet-page.ts'
import { startWireTap } from '../test/smoke/wire-tap.ts'
import { launchChromium } from '../tools/launch-chromium.ts'
import { countEventsNaming, readNetLog } from '../tools/net-log.ts'
import { startPageServer } from '../tools/page-server.ts'

const root = join(import.meta.dirname, '..')
const FILE_BYTES = 10 * 1024 * 1024
const STORAGE_PEERS = 2
const CONTROL_BYTES = 1024 * 1024
/** Pieces of the file that are searched for on the wire: short, so that no packet, chunk or cell border hides more than one. */
const SAMPLES = 16
const SAMPLE_BYTES = 24
const AFTER_KILL_TIMEOUT_MS = 8_000
/** A deadline is kept when the answer comes within this of it: one turn of a busy event loop, not a retry. */
const GRACE_MS = 1_500
const WHOLE_RUN_TIMEOUT_MS = 220_000

interface Smoke {
  /** The whole run. */
  readonly totalMs: number
  readonly fetch: FetchFigures
  /** Of plaintext that only the page and the site should know, any piece was on the wire behind the exit. */
  readonly exitSawPlaintext: boolean
  /** What the taps heard. The control fetches a part of the same with plain `http:`: it must find every piece. */
  readonly wire: { readonly https: Overheard; readonly control: Overheard }
  readonly directPackets: number
  readonly obj: StoreAndRetrieve
  readonly subscription: Subscribed
  readonly afterKill: Rejection & { readonly deadlineMs: number; readonly originRequests: number }
}

interface Overheard {
  readonly bytes: number
  readonly pieces: number
  readonly found: number
}

const PAGE = `<!doctype html><title>smoke</title><script type="module">
  import { smokePage } from '/test/smoke/page.ts'
  globalThis.smoke = smokePage()
</script>`
const PAGES = { '/': PAGE, '/obj': OBJ_PAGE, '/wallet': WALLET_PAGE }

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
  const tap = ends.use(await startWireTap(origin.secure.port))
  const control = ends.use(await startWireTap(origin.port))
  const localOrigins = [tap, control].map(({ port }) => `127.0.0.1:${port}`)
  const devnet = await startDevnet({ relays: 3, exits: 1, storage: STORAGE_PEERS, localOrigins, onProgress: say })
  ends.defer(() => devnet.stop())
  const server = ends.use(await startPageServer({ rootDir: root, files: PAGES, bundle: true }))
  const chromium = ends.use(await launchChromium({ netLog }))
  const page = await (await chromium.newContext(server.origin)).newPage()
  const broken = new Promise<never>((_, reject) => page.once('pageerror', reject))
  await Promise.race([
    broken,
    page.goto(server.origin).then(() => page.waitForFunction('globalThis.smoke !== undefined'))
  ])
  page.on('pageerror', error => say(`the page: ${error.message}`))

  say('fetching over three relays and an exit ...')
  await inPage(page, 'open', devnet.bootstrap, [origin.secure.rootPem])
  const token = randomBytes(SAMPLE_BYTES).toString('hex')
  const https = `https://127.0.0.1:${tap.port}`
  const fetched = await inPage(page, 'fetchBytes', `${https}/bytes?n=${FILE_BYTES}`, FILE_BYTES, token)
  const seen = origin.requestCount
  if (seen === 0) throw new Error('the bytes arrived, but the site saw no request: this measures nothing')

  say('the same without TLS, to see whether the tap hears ...')
  const http = `http://127.0.0.1:${control.port}`
  await inPage(page, 'fetchBytes', `${http}/bytes?n=${CONTROL_BYTES}`, CONTROL_BYTES, token)
  const pieces = plaintext(token)
  const wire = {
    https: { bytes: tap.sizeBytes, pieces: pieces.length, found: tap.find(pieces) },
    control: { bytes: control.sizeBytes, pieces: pieces.length, found: control.find(pieces) }
  }

  say('storing in one page, retrieving in another ...')
  const { bootstrap } = devnet
  const obj = await storeAndRetrieve({ chromium, url: `${server.origin}/obj`, bootstrap, bytes: FILE_BYTES })

  say('subscribing with a wallet ...')
  const subscription = await subscribe({ chromium, url: `${server.origin}/wallet` })

  say('killing every relay ...')
  const before = origin.requestCount
  await Promise.all(devnet.nodes.map((_, index) => devnet.kill(index)))
  const rejection = await inPage(page, 'fetchRejects', `${https}/bytes?n=1`, AFTER_KILL_TIMEOUT_MS)
  const originRequests = origin.requestCount - before

  await chromium.close() // completes the log
  const events = readNetLog(netLog)
  const entry = devnet.bootstrap.some(address => {
    const [, host, port] = /\/ip4\/([\d.]+)\/tcp\/(\d+)/.exec(address) ?? []
    return host !== undefined && countEventsNaming(events, host, Number(port)) > 0
  })
  if (!entry) throw new Error("the browser's log does not even show the way into the network: it proves nothing")
  return {
    totalMs: Math.round(performance.now()),
    fetch: fetched,
    exitSawPlaintext: wire.https.found > 0,
    wire,
    directPackets: [tap.port, origin.secure.port, control.port, origin.port].reduce(
      (sum, port) => sum + countEventsNaming(events, '127.0.0.1', port),
      0
    ),
    obj,
    subscription,
    afterKill: { ...rejection, deadlineMs: AFTER_KILL_TIMEOUT_MS, originRequests }
  }
}

/** What the exit must not read, of both directions. All of it is in the first CONTROL_BYTES too. */
function plaintext(token: string): Buffer[] {
  const words = ['GET /bytes?n=', `x-smoke-token: ${token}`, token, 'HTTP/1.1 200 OK', 'application/octet-stream']
  const samples = Array.from({ length: SAMPLES }, (_, index) =>
    Buffer.from(demoBytes(Math.floor((index * CONTROL_BYTES) / SAMPLES), SAMPLE_BYTES))
  )
  return [...words.map(word => Buffer.from(word)), ...samples]
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

function complaints(smoke: Smoke): string[] {
  const { fetch, exitSawPlaintext, wire, directPackets, obj, subscription, afterKill } = smoke
  const { https, control } = wire
  const rules: [boolean, string][] = [
    [fetch.status === 200, `the answer has status ${fetch.status}`],
    [fetch.hops === 3, `the path has ${fetch.hops} relays before the exit, not 3`],
    [fetch.bytesEqual, 'the bytes are not those of the site'],
    [!exitSawPlaintext, `${https.found} of ${https.pieces} pieces of plaintext were on the wire behind the exit`],
    [https.bytes > FILE_BYTES, `the tap heard ${https.bytes} bytes, fewer than were fetched`],
    [
      control.found === control.pieces,
      `without TLS the tap heard ${control.found} of ${control.pieces} pieces: it would not notice plaintext`
    ],
    [directPackets === 0, `the browser's log names the site's port ${directPackets} times`],
    [obj.retrieve.bytesEqual, `of ${FILE_BYTES} bytes that were stored, ${obj.retrieve.bytes} came back, or others`],
    [obj.retrieve.faults.length === 0, `${obj.retrieve.faults.length} honest peers were found at fault`],
    [subscription.approvals === 1, `subscribing took ${subscription.approvals} approvals, not 1`],
    [subscription.paid === subscription.price, `${subscription.paid} was paid for what costs ${subscription.price}`],
    [subscription.review.includes(subscription.price), `the review names no price: "${subscription.review}"`],
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
  console.error(`smoke: ${(performance.now() / 1000).toFixed(1)} s: ${text}`)
}
