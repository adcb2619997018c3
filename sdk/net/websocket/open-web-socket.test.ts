import { createServer as createTcpServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { type LocalSite, localSite } from '../../../test/kit/local-site.ts'
import { loopbackNetwork } from '../../../test/kit/loopback-network.ts'
import { systemClock, systemRandom } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { createTls13Engine, type OpenStream } from '../fetch/index.ts'
import { openWebSocket } from './open-web-socket.ts'
import type { WebSocketChannel } from './web-socket-channel.ts'
import { type NetWebSocketInit, readWebSocketRequest } from './web-socket-options.ts'

let site: LocalSite
let echo: WebSocketServer
let url: string

beforeAll(async () => {
  site = await localSite((_, response) => response.writeHead(418).end('a teapot'))
  echo = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  echo.on('connection', socket => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })))
  await new Promise(resolve => echo.once('listening', resolve))
  const address = echo.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  url = `ws://127.0.0.1:${address.port}/`
})
afterAll(async () => {
  for (const client of echo.clients) client.terminate()
  echo.close()
  await site[Symbol.asyncDispose]()
})

function open(
  openStream: OpenStream,
  target: string | URL = url,
  init: NetWebSocketInit = {},
  life = new AbortController().signal
): Promise<WebSocketChannel> {
  return openWebSocket(readWebSocketRequest(target, [], { allowInsecure: true, ...init }), {
    openStream,
    defaultHops: 3,
    tls: createTls13Engine(),
    clock: systemClock,
    random: systemRandom,
    life
  })
}

describe('opening a WebSocket', () => {
  it('asks for a stream of its own origin, shared with the requests to it, and for the hops that were wished', async () => {
    const { openStream, requests } = loopbackNetwork()
    for (const init of [{}, { hops: 1, exit: { country: 'DE' } } as const]) {
      const { readable, writable, closed } = await open(openStream, url, init)
      await writable.getWriter().write('hello')
      const reader = readable.getReader()
      expect((await reader.read()).value).toBe('hello')
      await reader.cancel()
      await closed
    }
    const port = Number(new URL(url).port)
    expect(requests).toMatchObject([
      { target: { host: '127.0.0.1', port }, isolation: `http://127.0.0.1:${port}`, hops: 3 },
      { hops: 1, exit: { country: 'DE' } }
    ])
  })

  it('tells the status of a site that is no WebSocket', async () => {
    const opening = open(loopbackNetwork().openStream, site.origin)
    await expect(opening).rejects.toMatchObject({ code: 'websocket-refused', details: { status: 418 } })
  })

  it('gives the reason of the exit, not the reset that follows it', async () => {
    const opened = Promise.reject(new CraftecError('exit-refused', 'not to this port'))
    opened.catch(() => {})
    const { openStream } = loopbackNetwork()
    const refusing: OpenStream = async request => ({ ...(await openStream(request)), opened })
    await expect(open(refusing, site.origin)).rejects.toMatchObject({ code: 'websocket-refused' })
    const silent = createTcpServer(socket => socket.end())
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    await expect(open(refusing, `ws://127.0.0.1:${address.port}`)).rejects.toMatchObject({ code: 'exit-refused' })
    silent.close()
  })

  it('tries another circuit when one dies, and no more than twice', async () => {
    const { openStream } = loopbackNetwork()
    let attempts = 0
    const dying =
      (times: number): OpenStream =>
      request =>
        attempts++ < times ? Promise.reject(new CraftecError('circuit-destroyed', 'gone')) : openStream(request)
    const { close, closed } = await open(dying(2)).then(channel => ({
      close: () => channel.close(),
      closed: channel.closed
    }))
    expect(attempts).toBe(3)
    close()
    await closed
    attempts = 0
    await expect(open(dying(9))).rejects.toMatchObject({ code: 'circuit-destroyed' })
    expect(attempts).toBe(3)
  })

  it('ends in time, with the signal, and with the client', async () => {
    const never: OpenStream = ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    await expect(open(never, url, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' })
    await expect(open(never, url, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' })
    const life = new AbortController()
    const { closed } = await open(loopbackNetwork().openStream, url, {}, life.signal)
    life.abort(new CraftecError('stopped', 'the client was stopped'))
    await expect(closed).rejects.toMatchObject({ code: 'stopped' })
  })

  it('lets go of a server that never answers', async () => {
    const ended = Promise.withResolvers<void>()
    const mute = createTcpServer(socket =>
      socket
        .on('error', () => {})
        .once('close', () => ended.resolve())
        .resume()
    )
    await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', resolve))
    const address = mute.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const opening = open(loopbackNetwork().openStream, `ws://127.0.0.1:${address.port}`, { timeoutMs: 50 })
    await expect(opening).rejects.toMatchObject({ code: 'timeout' })
    await ended.promise
    mute.close()
  })
})

describe('options', () => {
  const read =
    (target: string, protocols: string | string[] = [], init: object = {}) =>
    () =>
      readWebSocketRequest(target, protocols, init as NetWebSocketInit)

  it('are the defaults, and http stands for ws as in the standard', () => {
    expect(read('wss://site.test/a?b')()).toMatchObject({
      protocols: [],
      hops: undefined,
      headers: [],
      timeoutMs: 30_000,
      idleTimeoutMs: 60_000,
      maxMessageBytes: 16 * 1024 * 1024
    })
    expect(read('https://site.test:8443/')().url.href).toBe('wss://site.test:8443/')
    expect(read('http://site.test/', 'chat', { allowInsecure: true })()).toMatchObject({ protocols: ['chat'] })
  })

  it.each([
    ['plain ws:', read('ws://site.test/'), 'insecure-url'],
    ['plain http:', read('http://site.test/'), 'insecure-url'],
    ['another scheme', read('ftp://site.test/'), 'invalid-argument'],
    ['a relative URL', read('/live'), 'invalid-argument'],
    ['a fragment', read('wss://site.test/#part'), 'invalid-argument'],
    ['a password', read('wss://user:secret@site.test/'), 'invalid-argument'],
    ['a subprotocol with a space', read('wss://site.test/', 'a b'), 'invalid-argument'],
    ['an empty subprotocol', read('wss://site.test/', ''), 'invalid-argument'],
    ['a subprotocol twice', read('wss://site.test/', ['a', 'a']), 'invalid-argument'],
    ['an unknown option', read('wss://site.test/', [], { hop: 3 }), 'unknown-option'],
    [
      'a header of the handshake',
      read('wss://site.test/', [], { headers: { 'sec-websocket-key': 'x' } }),
      'invalid-argument'
    ],
    ['a header of the connection', read('wss://site.test/', [], { headers: { upgrade: 'h2c' } }), 'invalid-argument'],
    ['a header with a line break', read('wss://site.test/', [], { headers: [['a', 'b\r\nc: d']] }), 'invalid-argument'],
    ['five hops', read('wss://site.test/', [], { hops: 5 }), 'invalid-argument'],
    ['no time', read('wss://site.test/', [], { timeoutMs: 0 }), 'invalid-argument'],
    ['messages of 4 GiB', read('wss://site.test/', [], { maxMessageBytes: 2 ** 32 }), 'invalid-argument']
  ])('refuse %s', (_, reading, code) => {
    expect(reading).toThrow(expect.objectContaining({ code }))
  })
})
