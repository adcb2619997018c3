/** `craft.net.webSocket` through three relays and an exit, TLS ending here, to a server that is not ours. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { type Craftec, type CraftecError, createCraftec } from '../../sdk/index.ts'
import { type NetWebSocket, serveDirectory, type WebSocketCloseEvent } from '../../sdk/net/index.ts'
import { ipName, makeLeaf, makeRoot, subjectAltName, testKey } from '../kit/certificate-maker.ts'
import { type LoopbackOnionNetwork, startLoopbackOnionNetwork } from '../kit/loopback-onion-network.ts'
import { startWireTap, type WireTap } from '../smoke/wire-tap.ts'

const root = makeRoot('WebSocket Root')
const leaf = makeLeaf(root, { extensions: [subjectAltName(ipName(127, 0, 0, 1))] })
const key = testKey('P-256', 'leaf').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

let site: Server
/** Between exit and site. */
let tap: WireTap
let network: LoopbackOnionNetwork
let craft: Craftec
let url: string

beforeAll(async () => {
  site = createServer({ cert: leaf.pem, key })
  const server = new WebSocketServer({ server: site, handleProtocols: offered => [...offered].at(-1) ?? false })
  server.on('connection', (socket, request) => {
    if (request.url === '/headers') socket.send(JSON.stringify(request.headers))
    if (request.url === '/vanish') socket.terminate()
    if (request.url === '/goodbye') socket.close(4001, 'come again')
    if (request.url === '/flood') for (let count = 0; count < 200; count++) socket.send(Buffer.alloc(65_536, count))
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  tap = await startWireTap((site.address() as AddressInfo).port)
  url = `wss://127.0.0.1:${tap.port}`
  network = await startLoopbackOnionNetwork(6)
  const [entry] = network.relays
  if (!entry) throw new Error('no relay')
  serveDirectory(entry.node, network.directory)
  craft = await createCraftec({ bootstrap: entry.node.addresses(), net: { tlsRoots: [root.pem] } })
})
afterAll(async () => {
  await craft?.stop()
  await network?.stop()
  await tap?.[Symbol.asyncDispose]()
  site?.closeAllConnections()
  site?.close()
})

describe('a WebSocket through three relays and an exit', () => {
  it('echoes text and binary of any size, in order, and closes cleanly', async () => {
    const socket = craft.net.webSocket(`${url}/echo`, ['first', 'second'])
    socket.binaryType = 'arraybuffer'
    await once(socket, 'open')
    expect([socket.readyState, socket.protocol, socket.extensions]).toEqual([socket.OPEN, 'second', ''])
    expect(socket.path.map(({ role }) => role)).toEqual(['relay', 'relay', 'relay', 'exit'])
    const sent = [
      '',
      'grüße 🌍',
      new Uint8Array(0),
      new Uint8Array(1_000_000).map((_, at) => at * 7),
      'x'.repeat(70_000)
    ]
    const received = messages(socket, sent.length)
    for (const message of sent) socket.send(message)
    expect(socket.bufferedAmount).toBeGreaterThan(1_000_000)
    expect((await received).map(data => (data instanceof ArrayBuffer ? new Uint8Array(data) : data))).toEqual(sent)
    expect(socket.bufferedAmount).toBe(0)
    socket.close(3000, 'done')
    expect(await closeOf(socket)).toMatchObject({ code: 3000, reason: 'done', wasClean: true })
    expect(socket.readyState).toBe(socket.CLOSED)
    const plaintext = ['GET /echo', 'Sec-WebSocket', 'second', 'grüße 🌍', 'x'.repeat(16)].map(text =>
      Buffer.from(text)
    )
    expect(tap.sizeBytes).toBeGreaterThan(2_000_000)
    expect(tap.find(plaintext)).toBe(0)
  })

  it('tells the server nothing about the caller but what was passed', async () => {
    const socket = craft.net.webSocket(`${url}/headers`, [], { headers: { authorization: 'Bearer mine' } })
    const [seen] = await messages(socket, 1)
    expect(JSON.parse(String(seen))).toEqual({
      host: url.slice('wss://'.length),
      'user-agent': 'Mozilla/5.0 (compatible; craftec-web)',
      accept: '*/*',
      'accept-language': 'en-US,en;q=0.5',
      'accept-encoding': 'gzip, deflate',
      authorization: 'Bearer mine',
      'sec-websocket-key': expect.stringMatching(/^[\w+/]{22}==$/),
      'sec-websocket-version': '13',
      connection: 'Upgrade',
      upgrade: 'websocket'
    })
    socket.close()
    await closeOf(socket)
  })

  it('hears the server close, with its code and reason', async () => {
    const closed = await closeOf(craft.net.webSocket(`${url}/goodbye`))
    expect(closed).toMatchObject({ code: 4001, reason: 'come again', wasClean: true })
  })

  it('a connection that is cut is an error, and no clean close', async () => {
    const { error, close } = await failureOf(craft.net.webSocket(`${url}/vanish`))
    expect(['tls-truncated', 'link-closed', 'stream-reset']).toContain(error.code)
    expect(close).toMatchObject({ code: 1006, wasClean: false })
  })

  it('as two streams: what comes is complete and in order, and cancelling it closes', async () => {
    const { readable, closed } = await craft.net.webSocketStream(`${url}/flood`)
    const reader = readable.getReader()
    for (let count = 0; count < 200; count++) {
      const { value } = await reader.read()
      if (!(value instanceof Uint8Array)) throw new Error('expected bytes')
      expect([value.length, value[0], value.at(-1)]).toEqual([65_536, count, count])
    }
    await reader.cancel()
    expect(await closed).toMatchObject({ closeCode: 1005 })
  })

  it('refuses a server that nobody trusted vouches for', async () => {
    await using stranger = await createCraftec({ bootstrap: craftBootstrap() })
    expect((await failureOf(stranger.net.webSocket(url))).error.code).toBe('tls-certificate-untrusted')
  })

  it('ends with the signal, and with the client', async () => {
    const controller = new AbortController()
    const socket = craft.net.webSocket(`${url}/echo`, [], { signal: controller.signal })
    await once(socket, 'open')
    const failure = failureOf(socket)
    controller.abort()
    expect((await failure).error.code).toBe('aborted')
    const early = craft.net.webSocket(`${url}/echo`)
    early.close()
    expect((await failureOf(early)).error.code).toBe('aborted')
    const second = await createCraftec({ bootstrap: craftBootstrap(), net: { tlsRoots: [root.pem] } })
    const last = second.net.webSocket(`${url}/echo`)
    await once(last, 'open')
    const ended = failureOf(last)
    await second.stop()
    expect(['stopped', 'circuit-destroyed']).toContain((await ended).error.code)
  })

  it('never goes out directly: without relays it fails, and the server sees nothing', async () => {
    const seen: unknown[] = []
    site.on('connection', socket => seen.push(socket))
    await using alone = await createCraftec({
      bootstrap: ['/ip4/127.0.0.1/tcp/1/ws/p2p/12D3KooWBmAwcd4PJNJvfV89HwE48nwkRmAgo8Vy3uQEyNNHBox2']
    })
    const { error } = await failureOf(alone.net.webSocket(url, [], { timeoutMs: 5_000 }))
    expect(['bootstrap-unreachable', 'timeout']).toContain(error.code)
    expect(seen).toEqual([])
  })
})

function craftBootstrap(): string[] {
  return network.relays[0]?.node.addresses() ?? []
}

function messages(socket: NetWebSocket, count: number): Promise<unknown[]> {
  const all: unknown[] = []
  return new Promise((resolve, reject) => {
    socket.addEventListener('message', ({ data }) => {
      all.push(data)
      if (all.length === count) resolve(all)
    })
    socket.addEventListener('error', ({ error }) => reject(error))
  })
}

async function closeOf(socket: NetWebSocket): Promise<WebSocketCloseEvent> {
  const [event] = await once(socket, 'close')
  return event
}

async function failureOf(socket: NetWebSocket): Promise<{ error: CraftecError; close: WebSocketCloseEvent }> {
  const closed = new Promise<WebSocketCloseEvent>(resolve => socket.addEventListener('close', resolve))
  const error = await new Promise<CraftecError>(resolve =>
    socket.addEventListener('error', event => resolve(event.error))
  )
  return { error, close: await closed }
}
