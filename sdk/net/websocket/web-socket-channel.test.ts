import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { ScriptedWebSocketServer } from '../../../test/kit/scripted-websocket-server.ts'
import { systemRandom } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { type ChannelOptions, openChannel, type WebSocketChannel } from './web-socket-channel.ts'

const TEXT = 0x81
const CLOSE = 0x88
const PING = 0x89
const PONG = 0x8a
const status = (code: number, reason = ''): Uint8Array =>
  Uint8Array.of(code >> 8, code & 0xff, ...new TextEncoder().encode(reason))
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

function open(options: Partial<ChannelOptions> = {}): {
  channel: WebSocketChannel
  server: ScriptedWebSocketServer
  clock: ManualClock
} {
  const server = new ScriptedWebSocketServer()
  const clock = new ManualClock()
  const channel = openChannel({
    duplex: server.client,
    firstBytes: new Uint8Array(0),
    protocol: '',
    path: [],
    maxMessageBytes: 1_000_000,
    idleTimeoutMs: 60_000,
    signal: new AbortController().signal,
    clock,
    random: systemRandom,
    ...options
  })
  return { channel, server, clock }
}

async function writeTo({ writable }: WebSocketChannel, message: string | Uint8Array): Promise<void> {
  const writer = writable.getWriter()
  await writer.write(message)
  writer.releaseLock()
}

describe('messages', () => {
  it('arrive one a chunk, also those that came with the handshake', async () => {
    const { channel, server } = open({ firstBytes: Uint8Array.of(0x81, 2, 0x68, 0x69, 0x82, 1) })
    await server.say(9)
    const reader = channel.readable.getReader()
    expect(await reader.read()).toEqual({ done: false, value: 'hi' })
    expect(await reader.read()).toEqual({ done: false, value: Uint8Array.of(9) })
  })

  it('leave in frames of at most 64 KiB, so that a ping is answered in the middle of one', async () => {
    const { channel, server } = open()
    const big = new Uint8Array(200_000).map((_, at) => at)
    const written = writeTo(channel, big)
    const first = await server.hear()
    expect([first.opcode, first.fin, first.payload.length]).toEqual([2, false, 65_536])
    await server.say(PING, 'still there?')
    const heard = [first]
    while (!heard.at(-1)?.fin || heard.at(-1)?.opcode === 10) heard.push(await server.hear())
    await written
    expect(heard.filter(({ opcode }) => opcode === 10)).toMatchObject([
      { fin: true, payload: new TextEncoder().encode('still there?') }
    ])
    const data = heard.filter(({ opcode }) => opcode !== 10)
    expect(data.map(({ opcode }) => opcode)).toEqual([2, 0, 0, 0])
    expect(Uint8Array.from(data.flatMap(({ payload }) => [...payload]))).toEqual(big)
    expect(heard.at(-1)?.opcode).toBe(0)
  })

  it('are not taken from the server before somebody wants them', async () => {
    const { channel, server } = open()
    let taken = 0
    const flood = (async () => {
      for (let count = 0; count < 100; count++) {
        await server.say(TEXT, `message ${count}`)
        taken++
      }
    })()
    await settled()
    expect(taken).toBeLessThan(10)
    const reader = channel.readable.getReader()
    for (let count = 0; count < 100; count++) expect((await reader.read()).value).toBe(`message ${count}`)
    await flood
  })

  it('of another type end it, with what is wrong', async () => {
    const { channel } = open()
    await expect(writeTo(channel, 7 as unknown as string)).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(channel.closed).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

describe('pings', () => {
  it('are answered while nobody reads messages, and a pong means nothing', async () => {
    const { server } = open()
    await server.say(PONG, 'unasked')
    await server.say(PING, 'a')
    expect(await server.hear()).toMatchObject({ opcode: 10, payload: Uint8Array.of(0x61) })
  })

  it('in a flood get one answer for the last of them: nothing piles up', async () => {
    const { server } = open()
    for (let count = 0; count < 1000; count++) await server.say(PING, String(count))
    let last = ''
    let answers = 0
    while (last !== '999') {
      last = new TextDecoder().decode((await server.hear()).payload)
      answers++
    }
    expect(answers).toBeLessThan(100)
  })

  it('ask a silent server, and one that stays silent is given up', async () => {
    const { channel, server, clock } = open()
    clock.advance(29_999)
    await server.say(TEXT, 'I live')
    expect((await channel.readable.getReader().read()).value).toBe('I live')
    await settled()
    clock.advance(30_000)
    expect(await server.hear()).toMatchObject({ opcode: 9, payload: new Uint8Array(0) })
    clock.advance(30_000)
    await expect(channel.closed).rejects.toMatchObject({ code: 'timeout' })
  })
})

describe('closing', () => {
  it('by the server: its status goes back, both streams end, and the connection too', async () => {
    const { channel, server } = open()
    const reader = channel.readable.getReader()
    await server.say(TEXT, 'last words')
    await server.say(CLOSE, status(1001, 'going'))
    expect((await reader.read()).value).toBe('last words')
    expect(await reader.read()).toEqual({ done: true, value: undefined })
    expect(await channel.closed).toEqual({ closeCode: 1001, reason: 'going' })
    expect(await server.hear()).toMatchObject({ opcode: 8, payload: status(1001) })
    await expect(writeTo(channel, 'too late')).rejects.toMatchObject({ code: 'link-closed' })
    expect(await server.hangsUp()).toBe(true)
  })

  it('by the caller: after the message that is on its way, and what the server still says is dropped', async () => {
    const { channel, server } = open()
    const written = writeTo(channel, 'x'.repeat(150_000))
    await settled()
    channel.close({ closeCode: 3001, reason: 'enough' })
    for (let count = 0; count < 3; count++) expect((await server.hear()).opcode).toBe(count === 0 ? 1 : 0)
    expect(await server.hear()).toMatchObject({ opcode: 8, payload: status(3001, 'enough') })
    await server.say(TEXT, 'unheard')
    await server.say(CLOSE, status(3001))
    expect(await channel.closed).toEqual({ closeCode: 3001, reason: '' })
    expect(await channel.readable.getReader().read()).toEqual({ done: true, value: undefined })
    await written.catch(() => {})
  })

  it('without a status, by ending either stream', async () => {
    for (const how of ['cancel', 'close'] as const) {
      const { channel, server } = open()
      const ending = how === 'cancel' ? channel.readable.cancel() : channel.writable.close()
      expect(await server.hear()).toMatchObject({ opcode: 8, payload: new Uint8Array(0) })
      await server.say(CLOSE)
      await ending
      expect(await channel.closed).toEqual({ closeCode: 1005, reason: '' })
    }
  })

  it('with a server that does not answer ends in time', async () => {
    const { channel, server, clock } = open()
    channel.close()
    expect((await server.hear()).opcode).toBe(8)
    clock.advance(5_000)
    await expect(channel.closed).rejects.toMatchObject({ code: 'timeout' })
  })

  it('with a server that reads nothing ends in time', async () => {
    const { channel, clock } = open()
    const written = writeTo(channel, new Uint8Array(5_000_000))
    await settled()
    channel.close()
    clock.advance(5_000)
    await expect(channel.closed).rejects.toMatchObject({ code: 'timeout' })
    await expect(written).rejects.toBeInstanceOf(CraftecError)
  })

  it('does not wait for a server that keeps the connection open', async () => {
    const { channel, server, clock } = open()
    await server.say(CLOSE, status(1000))
    await channel.closed
    await server.hear()
    expect(await server.hangsUp()).toBe(true)
    clock.advance(2_000)
    await settled()
    await expect(server.say(TEXT, 'x')).rejects.toBeDefined()
  })

  it.each([999, 1001, 1005, 2999, 5000, 3000.5])('refuses to close with %s', closeCode => {
    const { channel } = open()
    expect(() => channel.close({ closeCode })).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })

  it('refuses a reason of more than 123 bytes', () => {
    const { channel } = open()
    expect(() => channel.close({ closeCode: 1000, reason: 'é'.repeat(62) })).toThrow(CraftecError)
  })
})

describe('failing', () => {
  it('tells a server that breaks the protocol why, and delivers nothing of it', async () => {
    const { channel, server } = open()
    const reader = channel.readable.getReader()
    await server.say(TEXT, 'good')
    await server.say(0x83, 'no such opcode')
    expect((await reader.read()).value).toBe('good')
    await expect(reader.read()).rejects.toMatchObject({ code: 'protocol-violation' })
    await expect(channel.closed).rejects.toMatchObject({ code: 'protocol-violation' })
    expect(await server.hear()).toMatchObject({ opcode: 8, payload: status(1002) })
  })

  it('refuses a message over the limit with status 1009', async () => {
    const { channel, server } = open({ maxMessageBytes: 10 })
    await server.say(TEXT, 'eleven byte')
    await expect(channel.closed).rejects.toMatchObject({ code: 'limit-exceeded' })
    expect(await server.hear()).toMatchObject({ opcode: 8, payload: status(1009) })
  })

  it('takes the end of the bytes for a cut, in and between messages', async () => {
    for (const half of [true, false]) {
      const { channel, server } = open()
      if (half) await server.say(0x01, 'half')
      await server.end()
      await expect(channel.closed).rejects.toMatchObject({ code: 'link-closed' })
      await expect(channel.readable.getReader().read()).rejects.toMatchObject({ code: 'link-closed' })
    }
  })

  it('ends with the signal at once, whatever it waits for', async () => {
    const controller = new AbortController()
    const { channel, server } = open({ signal: controller.signal })
    const reading = channel.readable.getReader().read()
    controller.abort(new Error('changed my mind'))
    await expect(reading).rejects.toMatchObject({ code: 'aborted' })
    await expect(channel.closed).rejects.toMatchObject({ code: 'aborted' })
    expect(await server.hangsUp()).toBe(false)
  })
})
