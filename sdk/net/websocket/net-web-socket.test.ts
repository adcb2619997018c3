import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { ScriptedWebSocketServer } from '../../../test/kit/scripted-websocket-server.ts'
import { systemRandom } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { NetWebSocket } from './net-web-socket.ts'
import { openChannel } from './web-socket-channel.ts'
import type { WebSocketCloseEvent } from './web-socket-events.ts'

const TEXT = 0x81
const BINARY = 0x82
const CLOSE = 0x88
const NORMAL = Uint8Array.of(0x03, 0xe8)

function connect(): { socket: NetWebSocket; server: ScriptedWebSocketServer; clock: ManualClock } {
  const server = new ScriptedWebSocketServer()
  const clock = new ManualClock()
  const socket = new NetWebSocket({
    url: new URL('wss://site.test/path?query'),
    clock,
    open: async signal =>
      openChannel({
        duplex: server.client,
        firstBytes: new Uint8Array(0),
        protocol: 'chat',
        path: [],
        maxMessageBytes: 1_000_000,
        idleTimeoutMs: 60_000,
        signal,
        clock,
        random: systemRandom
      })
  })
  return { socket, server, clock }
}

const failing = (error: unknown): NetWebSocket =>
  new NetWebSocket({ url: new URL('wss://site.test/'), open: () => Promise.reject(error) })

async function next<Event>(socket: NetWebSocket, type: string): Promise<Event> {
  const [event] = await once(socket, type)
  return event
}

describe('shaped like a WebSocket', () => {
  it('is one for whoever takes one', async () => {
    const { socket, server } = connect()
    const standard: WebSocket = socket
    expect([standard.url, standard.readyState, standard.binaryType, standard.protocol]).toEqual([
      'wss://site.test/path?query',
      0,
      'blob',
      ''
    ])
    expect([NetWebSocket.CONNECTING, NetWebSocket.OPEN, NetWebSocket.CLOSING, NetWebSocket.CLOSED]).toEqual([
      0, 1, 2, 3
    ])
    await next(socket, 'open')
    expect([standard.readyState, standard.protocol, standard.extensions]).toEqual([1, 'chat', ''])
    void server.say(CLOSE, NORMAL)
    expect(await next(socket, 'close')).toMatchObject({ code: 1000, reason: '', wasClean: true })
    expect([standard.readyState, socket.error]).toEqual([3, undefined])
  })

  it('gives binary as the type that was asked for, with the origin of the server', async () => {
    const { socket, server } = connect()
    await next(socket, 'open')
    void server.say(BINARY, Uint8Array.of(1, 2))
    const first = await next<MessageEvent<Blob>>(socket, 'message')
    expect([await first.data.bytes(), first.origin]).toEqual([Uint8Array.of(1, 2), 'wss://site.test'])
    socket.binaryType = 'arraybuffer'
    void server.say(BINARY, Uint8Array.of(3))
    expect((await next<MessageEvent>(socket, 'message')).data).toEqual(Uint8Array.of(3).buffer)
    void server.say(TEXT, 'text')
    expect((await next<MessageEvent>(socket, 'message')).data).toBe('text')
  })

  it('calls the handler that is set, once, and none that was taken away', async () => {
    const { socket, server } = connect()
    const calls: string[] = []
    socket.onopen = () => calls.push('never')
    socket.onopen = () => calls.push('open')
    socket.onmessage = ({ data }) => calls.push(String(data))
    socket.onclose = ({ code }) => calls.push(`close ${code}`)
    await next(socket, 'open')
    expect(socket.onopen).toBeTypeOf('function')
    void server.say(TEXT, 'one')
    await next(socket, 'message')
    socket.onmessage = null
    expect(socket.onmessage).toBeNull()
    void server.say(TEXT, 'two')
    await next(socket, 'message')
    void server.say(CLOSE, NORMAL)
    await next(socket, 'close')
    expect(calls).toEqual(['open', 'one', 'close 1000'])
  })
})

describe('sending', () => {
  it('keeps the order of strings, buffers, views and Blobs, and what they were when they were sent', async () => {
    const { socket, server } = connect()
    await next(socket, 'open')
    const buffer = Uint8Array.of(0, 1, 2, 3)
    socket.send(new Blob(['from a blob']))
    socket.send('grüße 🌍 \ud800')
    socket.send(buffer.buffer)
    socket.send(new DataView(buffer.buffer, 1, 2))
    buffer.fill(9)
    expect(socket.bufferedAmount).toBe(11 + 16 + 4 + 2)
    expect(new TextDecoder().decode((await server.hear()).payload)).toBe('from a blob')
    expect(await server.hear()).toMatchObject({ opcode: 1, payload: new TextEncoder().encode('grüße 🌍 \ufffd') })
    expect(await server.hear()).toMatchObject({ opcode: 2, payload: Uint8Array.of(0, 1, 2, 3) })
    expect(await server.hear()).toMatchObject({ opcode: 2, payload: Uint8Array.of(1, 2) })
    await expect.poll(() => socket.bufferedAmount).toBe(0)
  })

  it('before it is open is a mistake, after it closed is dropped and counted', async () => {
    const { socket, server } = connect()
    expect(() => socket.send('early')).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    await next(socket, 'open')
    socket.close(3000)
    socket.send('late')
    expect(socket.bufferedAmount).toBe(4)
    expect(await server.hear()).toMatchObject({ opcode: 8 })
    void server.say(CLOSE, Uint8Array.of(0x0b, 0xb8))
    expect(await next(socket, 'close')).toMatchObject({ code: 3000, wasClean: true })
  })

  it('more than 64 MiB ahead of the path is refused, and harms nothing', async () => {
    const { socket, server } = connect()
    await next(socket, 'open')
    const block = new Uint8Array(32 * 1024 * 1024)
    socket.send(block)
    socket.send(block)
    expect(() => socket.send('x')).toThrow(expect.objectContaining({ code: 'limit-exceeded' }))
    expect(socket.bufferedAmount).toBe(2 * block.length)
    expect(await server.hear()).toMatchObject({ opcode: 2, fin: false })
    expect(socket.readyState).toBe(socket.OPEN)
  })

  it('takes nothing but strings, buffers and Blobs', async () => {
    const { socket } = connect()
    await next(socket, 'open')
    expect(() => socket.send(7 as unknown as string)).toThrow(CraftecError)
  })
})

describe('ending', () => {
  it('that fails says why, in an error before the close', async () => {
    const socket = failing(new CraftecError('no-path', 'nobody is there'))
    const types: string[] = []
    for (const type of ['open', 'error', 'close'] as const)
      socket.addEventListener(type, event => types.push(event.type))
    const close = await new Promise<WebSocketCloseEvent>(resolve => socket.addEventListener('close', resolve))
    expect(close).toMatchObject({ code: 1006, reason: '', wasClean: false })
    expect(types).toEqual(['error', 'close'])
    expect(socket.error?.code).toBe('no-path')
  })

  it('waits for what was sent, and not for ever', async () => {
    const { socket, clock } = connect()
    await next(socket, 'open')
    socket.send(new Uint8Array(10_000_000))
    socket.close()
    expect(socket.readyState).toBe(socket.CLOSING)
    const closed = new Promise<WebSocketCloseEvent>(resolve => socket.addEventListener('close', resolve))
    clock.advance(10_000)
    expect(await closed).toMatchObject({ code: 1006, wasClean: false })
    expect(socket.error?.code).toBe('timeout')
  })

  it('before it is open ends the attempt', async () => {
    let seen: AbortSignal | undefined
    const socket = new NetWebSocket({
      url: new URL('wss://site.test/'),
      open: signal => {
        seen = signal
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      }
    })
    const closed = new Promise<WebSocketCloseEvent>(resolve => socket.addEventListener('close', resolve))
    socket.close()
    socket.close()
    expect([seen?.aborted, socket.readyState]).toEqual([true, socket.CLOSING])
    expect(await closed).toMatchObject({ code: 1006 })
    expect(socket.error?.code).toBe('aborted')
  })

  it('with a status or a reason that cannot travel is refused', async () => {
    const { socket } = connect()
    for (const code of [1001, 1005, 2000, 5000]) expect(() => socket.close(code)).toThrow(CraftecError)
    expect(() => socket.close(1000, 'x'.repeat(124))).toThrow(CraftecError)
    expect(socket.readyState).toBe(socket.CONNECTING)
  })
})
