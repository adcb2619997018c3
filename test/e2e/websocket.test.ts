/** `craft.net.webSocket` in a real Chromium, in a page and in a worker, over a network of relay processes, with TLS. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { type Devnet, startDevnet } from '../../relay-server/devnet/index.ts'
import { type Chromium, launchChromium } from '../../tools/launch-chromium.ts'
import { type PageServer, startPageServer } from '../../tools/page-server.ts'
import { ipName, makeLeaf, makeRoot, subjectAltName, testKey } from '../kit/certificate-maker.ts'
import { inPage } from './net/in-page.ts'

const PAGE = `<!doctype html><title>WebSocket</title><script type="module">
  import { netPage } from '/test/e2e/net/page.ts'
  globalThis.net = netPage()
</script>`
const root = makeRoot('WebSocket Root')
const leaf = makeLeaf(root, { extensions: [subjectAltName(ipName(127, 0, 0, 1))] })
const key = testKey('P-256', 'leaf').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

let site: Server
let url: string
let connections = 0
let devnet: Devnet
let server: PageServer
let chromium: Chromium
let page: Page

beforeAll(async () => {
  site = createServer({ cert: leaf.pem, key }, (_, response) => response.writeHead(404).end())
  site.on('connection', () => connections++)
  const sockets = new WebSocketServer({ server: site, path: '/echo' })
  sockets.on('connection', socket => socket.on('message', (data, binary) => socket.send(data, { binary })))
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  const { port } = site.address() as AddressInfo
  url = `wss://127.0.0.1:${port}`
  devnet = await startDevnet({ relays: 3, exits: 1, localOrigins: [`127.0.0.1:${port}`] })
  server = await startPageServer({ rootDir: join(import.meta.dirname, '../..'), files: { '/': PAGE }, bundle: true })
  chromium = await launchChromium()
  page = await (await chromium.newContext(server.origin)).newPage()
  await page.goto(server.origin)
  await page.waitForFunction('globalThis.net !== undefined')
})

afterAll(async () => {
  await chromium?.close()
  await server?.close()
  await devnet?.stop()
  site?.closeAllConnections()
  site?.close()
})

const open = (kind: 'page' | 'worker'): Promise<void> =>
  inPage(page, 'open', kind, { bootstrap: devnet.bootstrap, storage: 'memory', net: { tlsRoots: [root.pem] } })

describe.each(['page', 'worker'] as const)('a WebSocket in a %s', kind => {
  beforeAll(() => open(kind))
  afterAll(() => inPage(page, 'close'))

  it('echoes text and bytes over three relays and an exit, and closes cleanly', async () => {
    expect(await inPage(page, 'echo', `${url}/echo`)).toEqual({
      protocol: 'one',
      hops: 3,
      text: 'grüße',
      bytesEqual: true,
      end: { error: 'none', closeCode: 3001, wasClean: true }
    })
  })

  it('says what is wrong with a site that is no WebSocket, and with one that the exit may not reach', async () => {
    const refused = await inPage(page, 'socketEnd', `${url}/nothing`)
    expect(refused).toEqual({ error: 'websocket-refused', closeCode: 1006, wasClean: false })
    const forbidden = await inPage(page, 'socketEnd', url.replace('127.0.0.1', '127.0.0.2'))
    expect(forbidden).toEqual({ error: 'exit-refused', closeCode: 1006, wasClean: false })
  })

  it('ends with its node', async () => {
    await inPage(page, 'keepSocket', `${url}/echo`)
    await inPage(page, 'close')
    const end = await inPage(page, 'keptSocket')
    expect(['stopped', 'circuit-destroyed']).toContain(end.error)
    expect(end.closeCode).toBe(1006)
    await open(kind)
  })
})

it('when every relay is killed it ends, and a new one fails without the site seeing anything', async () => {
  await open('page')
  await inPage(page, 'keepSocket', `${url}/echo`)
  const seen = connections
  await Promise.all(devnet.nodes.map((_, index) => devnet.kill(index)))
  expect(await inPage(page, 'keptSocket')).toMatchObject({ closeCode: 1006, wasClean: false })
  const after = await inPage(page, 'socketEnd', `${url}/echo`)
  expect(['circuit-failed', 'timeout', 'no-path', 'bootstrap-unreachable']).toContain(after.error)
  expect(connections).toBe(seen)
})
