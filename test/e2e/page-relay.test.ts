/** A page relays for another: two browsers, WebRTC between them, real relays and an exit behind. */
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type DemoOrigin, type Devnet, startDemoOrigin, startDevnet } from '../../relay-server/devnet/index.ts'
import { systemClock, systemRandom } from '../../sdk/async/index.ts'
import { encodeHex } from '../../sdk/codec/index.ts'
import { publicKeyFromPeerId } from '../../sdk/identity/index.ts'
import { bootstrapSources } from '../../sdk/net/directory/index.ts'
import { createCircuitClient, type Descriptor, Directory, syncDirectory } from '../../sdk/net/index.ts'
import { createP2pNode, type P2pNode } from '../../sdk/p2p/index.ts'
import { type Chromium, launchChromium } from '../../tools/launch-chromium.ts'
import { type PageServer, startPageServer } from '../../tools/page-server.ts'
import { inPage } from './net/in-page.ts'
import type { RelayedPage, RelayPage } from './page-relay-page.ts'

const BYTES = 2_000_000
const BIG = 100_000_000
const IDLE_TIMEOUT_MS = 15_000
const SHOWN_IDENTITY = 12
/** Data in a cell on its way back, see docs/protocol/craftnet.md §5. */
const BACKWARD_DATA_BYTES = 4067
const patience = { timeout: 30_000, interval: 250 }

let origin: DemoOrigin
let devnet: Devnet
let server: PageServer
const browsers: Chromium[] = []
/** Looks at the directory as anybody can. */
let observer: P2pNode
let relaying: Page
let relayed: Page
let relay: Descriptor
let relayId: string

beforeAll(async () => {
  origin = await startDemoOrigin()
  devnet = await startDevnet({ relays: 3, exits: 1, localOrigins: [`127.0.0.1:${origin.port}`] })
  observer = await createP2pNode({ seed: systemRandom(32), bootstrap: devnet.bootstrap, allowPrivateAddresses: true })
  server = await startPageServer({
    rootDir: join(import.meta.dirname, '../..'),
    files: { '/relay': pageOf('relayPage'), '/relayed': pageOf('relayedPage') },
    bundle: true
  })
  relaying = await openPage('/relay')
  relayed = await openPage('/relayed')
  relayId = await relaying.evaluate(
    bootstrap => (globalThis as unknown as { net: RelayPage }).net.relay(bootstrap),
    devnet.bootstrap
  )
  relay = await announced(relayId)
})

afterAll(async () => {
  await Promise.all(browsers.map(browser => browser.close()))
  await server?.close()
  await observer?.stop()
  await devnet?.stop()
  await origin?.stop()
})

function pageOf(factory: 'relayPage' | 'relayedPage'): string {
  return `<!doctype html><title>${factory}</title><script type="module">
    import { ${factory} } from '/test/e2e/page-relay-page.ts'
    globalThis.net = ${factory}()
  </script>`
}

/** In a browser process of its own. */
async function openPage(path: string): Promise<Page> {
  const browser = await launchChromium()
  browsers.push(browser)
  const page = await (await browser.newContext(server.origin)).newPage()
  await page.addInitScript(() => {
    const made: RTCPeerConnection[] = []
    const Native = RTCPeerConnection
    globalThis.peerConnections = made
    globalThis.RTCPeerConnection = class extends Native {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        made.push(this)
      }
    }
  })
  await page.goto(`${server.origin}${path}`)
  await page.waitForFunction('globalThis.net !== undefined')
  return page
}

/** The descriptor of a page, once every bootstrap node serves it with an address for WebRTC. */
async function announced(peerId: string): Promise<Descriptor> {
  const identity = publicKeyFromPeerId(peerId)
  let latest: Descriptor | undefined
  for (const source of bootstrapSources(devnet.bootstrap)) {
    await vi.waitFor(async () => {
      const directory = new Directory()
      await syncDirectory(observer, source, directory)
      latest = directory.get(identity, systemClock.now())
      expect(latest?.addresses.some(address => address.includes('/p2p-circuit/webrtc/'))).toBe(true)
    }, patience)
  }
  if (latest === undefined) throw new Error('no bootstrap node')
  return latest
}

function relayStats(): Promise<ReturnType<RelayPage['stats']>> {
  return relaying.evaluate(() => (globalThis as unknown as { net: RelayPage }).net.stats())
}

function shown(peerId: string): string {
  return peerId.slice(-SHOWN_IDENTITY)
}

describe('a page that relays', () => {
  it('says so in a descriptor that does not outlive it for long, and offers neither exit nor directory', () => {
    expect(relay.roles).toEqual({ relay: true, exit: false, directory: false, storage: false })
    expect(relay.country).toBe('AT')
    expect(relay.expiresAt - relay.issuedAt).toBe(3600)
  })

  it('carries the requests of another page over WebRTC, byte for byte', async () => {
    await relayed.evaluate(
      identity => (globalThis as unknown as { net: RelayedPage }).net.useGuard(identity),
      encodeHex(relay.identity)
    )
    await inPage(relayed, 'open', 'page', { bootstrap: devnet.bootstrap, storage: 'indexeddb' })
    const { bytes, equal, story } = await inPage(relayed, 'get', `${origin.url}/bytes?n=${BYTES}`)
    expect({ bytes, equal }).toEqual({ bytes: BYTES, equal: true })
    expect(story.path).toHaveLength(4)
    expect(story.path[0]).toMatchObject({ identity: shown(relayId), country: 'AT' })

    const overWebRtc = await relayed.evaluate(() => (globalThis as unknown as { net: RelayedPage }).net.webRtcBytes())
    expect(overWebRtc).toBeGreaterThan(BYTES)
    const stats = await relayStats()
    expect(stats?.cellsBackward).toBeGreaterThanOrEqual(BYTES / BACKWARD_DATA_BYTES)
    expect(stats?.cellsForward).toBeGreaterThan(0)
    expect(stats).toMatchObject({ circuitsExited: 0, streamsOpened: 0, badRelayCells: 0, linksBroken: 0 })
  })

  it('can be the middle of a path, where a relay on Node has to reach it', async () => {
    const before = (await relayStats())?.circuitsForwarded ?? 0
    const directory = new Directory()
    for (const source of bootstrapSources(devnet.bootstrap)) await syncDirectory(observer, source, directory)
    const { nodes } = directory.view(systemClock.now())
    // Only the processes serve the directory.
    const guard = nodes.find(({ roles }) => roles.directory && !roles.exit)
    const exit = nodes.find(({ roles }) => roles.exit)
    if (guard === undefined || exit === undefined) throw new Error('a devnet has relays and exits')
    const client = createCircuitClient({ node: observer })
    const circuit = await client.build({ hops: [guard, relay, exit] }, { timeoutMs: 20_000 })
    expect(await circuit.ping()).toBeGreaterThan(0)
    await client.stop()
    expect((await relayStats())?.circuitsForwarded).toBe(before + 1)
  })

  it('fetches for itself meanwhile, never through itself', async () => {
    const { status, path } = await relaying.evaluate(
      url => (globalThis as unknown as { net: RelayPage }).net.fetchOwn(url),
      `${origin.url}/seen`
    )
    expect(status).toBe(200)
    expect(path).toHaveLength(4)
    expect(path).not.toContain(shown(relayId))
  })
})

describe('when the tab that relays is closed', () => {
  it('a fetch that runs ends with a typed error, and the next one goes another way', async () => {
    const limits = { idleTimeoutMs: IDLE_TIMEOUT_MS }
    await inPage(relayed, 'readUntil', `${origin.url}/bytes?n=${BIG}`, 500_000, limits)
    await relaying.close()
    const running = await inPage(relayed, 'rest')
    expect(['circuit-destroyed', 'timeout']).toContain(running.code)
    expect(running.bytes).toBeLessThan(BIG)
    expect(running.ms).toBeLessThan(IDLE_TIMEOUT_MS + 1_500)

    const { status, story } = await inPage(relayed, 'get', `${origin.url}/seen`, { timeoutMs: 30_000 })
    expect(status).toBe(200)
    expect(story.path).toHaveLength(4)
    expect(story.path.map(({ identity }) => identity)).not.toContain(shown(relayId))
  })
})
