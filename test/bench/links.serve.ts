/**
 * The far ends and the browser of the suite: a Node relay on every transport it has, two pages (one measures, one is
 * called over WebRTC and through the relay), a plain WebSocket server, and a control port that runs one measurement.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { WebSocketServer } from 'ws'
import { createWebTransportListener } from '../../relay-server/webtransport/index.ts'
import { createP2pNode, type P2pNode } from '../../sdk/p2p/index.ts'
import { launchChromium } from '../../tools/launch-chromium.ts'
import { startPageServer } from '../../tools/page-server.ts'
import { serveControl } from './control/serve-control.ts'
import { ECHO_BYTES, type Kind, ROUND_BYTES } from './links/kinds.ts'
import type { LinksPage, LinksParameters, Target } from './links/page.ts'
import { respond } from './links/responder.ts'

const ROOT = join(import.meta.dirname, '../..')

export interface LinksControl {
  /** Of a control port: `GET url?call=roundTripMs&kind=webrtc`. */
  readonly url: string
  readonly kinds: readonly Kind[]
}

export async function serve(): Promise<{ parameters: LinksControl; close(): Promise<void> }> {
  const stack = new AsyncDisposableStack()
  try {
    const relay = await startRelay(stack)
    const webSocketUrl = await startWebSocketServer(stack)
    const html = '<!doctype html><script type="module" src="/test/bench/links/page.ts"></script>'
    const pages = stack.use(await startPageServer({ rootDir: ROOT, bundle: true, files: { '/': html } }))
    const chromium = stack.use(await launchChromium())
    const context = await chromium.newContext(pages.origin)
    const openPage = async (): Promise<Page> => {
      const page = await context.newPage()
      page.on('pageerror', error => console.error(error.message))
      await page.goto(pages.origin)
      await page.waitForFunction('globalThis.links !== undefined')
      return page
    }
    const targets = await findTargets(relay, await openPage())
    const kinds = Object.keys(targets) as Kind[]
    // a page for each transport: what one does to its page must not fail the others
    const callers = new Map<string, Page>()
    for (const kind of kinds) {
      const page = await openPage()
      await page.evaluate(value => (globalThis as unknown as { links: LinksPage }).links.configure(value), {
        targets,
        webSocketUrl
      } satisfies LinksParameters)
      callers.set(kind, page)
    }
    const { url } = stack.use(
      await serveControl((call, kind) => measure(callers.get(kind || 'websocket'), call, kind || 'websocket'))
    )
    return { parameters: { url, kinds }, close: () => stack.disposeAsync() }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

async function startRelay(stack: AsyncDisposableStack): Promise<P2pNode> {
  const { transport, unavailable } = await createWebTransportListener()
  if (unavailable !== undefined) console.error(`no WebTransport: ${unavailable.why}`)
  const relay = await createP2pNode({
    seed: new Uint8Array(randomBytes(32)),
    bootstrap: [],
    listen: [
      '/ip4/127.0.0.1/tcp/0/ws',
      '/ip4/127.0.0.1/udp/0/webrtc-direct',
      ...(transport === undefined ? [] : ['/ip4/127.0.0.1/udp/0/quic-v1/webtransport'])
    ],
    extraTransports: transport === undefined ? [] : [transport],
    relayServer: true,
    limits: { maxChannelsPerPeer: 64 }
  })
  stack.defer(() => relay.stop())
  await respond(relay)
  return relay
}

async function findTargets(relay: P2pNode, callee: Page): Promise<Partial<Record<Kind, Target>>> {
  const { peerId } = relay
  const at = (mark: string): string[] => relay.addresses().filter(address => address.includes(mark))
  const bootstrap = at('/ws/')
  const page = await callee.evaluate(
    bootstrap => (globalThis as unknown as { links: LinksPage }).links.serve(bootstrap),
    bootstrap
  )
  const webtransport = at('/webtransport/')
  return {
    websocket: { peer: { peerId, addresses: bootstrap }, bootstrap: [] },
    'webrtc-direct': { peer: { peerId, addresses: at('/webrtc-direct/') }, bootstrap: [] },
    ...(webtransport.length === 0
      ? {}
      : { webtransport: { peer: { peerId, addresses: webtransport }, bootstrap: [] } }),
    webrtc: { peer: { ...page, addresses: page.addresses.filter(address => address.includes('/webrtc/')) }, bootstrap },
    'circuit-relay': {
      peer: { ...page, addresses: page.addresses.filter(address => !address.includes('/webrtc/')) },
      bootstrap
    }
  }
}

async function startWebSocketServer(stack: AsyncDisposableStack): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  stack.defer(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  server.on('connection', socket => {
    let bytes = 0
    socket.on('message', (data: Buffer) => {
      if (data.length === ECHO_BYTES) return socket.send(data)
      bytes += data.length
      if (bytes < ROUND_BYTES) return
      bytes = 0
      socket.send(new Uint8Array(1))
    })
  })
  await once(server, 'listening')
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function measure(page: Page | undefined, call: string, kind: string): Promise<unknown> {
  if (page === undefined) throw new Error(`no page measures ${kind}`)
  return page.evaluate(
    ([call, kind]) => {
      const { links } = globalThis as unknown as { links: Record<string, (kind: string) => Promise<unknown>> }
      const run = links[call]
      if (run === undefined) throw new Error(`no measurement ${call}`)
      return run(kind)
    },
    [call, kind] as const
  )
}
