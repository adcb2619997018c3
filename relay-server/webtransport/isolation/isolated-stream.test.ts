import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat } from '../h3/tlv-reader.ts'
import type { WebTransportStream, WebTransportStreamEvents } from '../web-transport-server.ts'
import { STREAM_CREDIT_BYTES, type StreamMessage } from './engine-messages.ts'
import { EngineStream } from './engine-stream.ts'
import { IsolatedStream } from './isolated-stream.ts'

const KEY = { session: 1, stream: 4 }
const CHUNK = 64 * 1024

/** The engine's QUIC stream: takes what its window allows, and gives nothing while paused. */
class FakeQuicStream implements WebTransportStream {
  readonly id = KEY.stream
  readonly calls: string[] = []
  readonly taken: Uint8Array[] = []
  room = 0
  paused = false
  events: WebTransportStreamEvents | undefined

  attach(events: WebTransportStreamEvents): void {
    this.events = events
  }
  write(bytes: Uint8Array): number {
    const part = bytes.subarray(0, this.room)
    this.room -= part.length
    if (part.length > 0) this.taken.push(part.slice())
    return part.length
  }
  finish(): void {
    this.calls.push('finish')
  }
  reset(code: number): void {
    this.calls.push(`reset ${code}`)
  }
  stop(code: number): void {
    this.calls.push(`stop ${code}`)
  }
  pause(): void {
    this.paused = true
  }
  resume(): void {
    this.paused = false
  }
}

/** Both ends, joined by two queues that the test empties. */
function joined() {
  const quic = new FakeQuicStream()
  const toEngine: StreamMessage[] = []
  const toRelay: StreamMessage[] = []
  const ended: string[] = []
  const engine = new EngineStream(
    quic,
    KEY,
    message => toRelay.push(message),
    () => ended.push('engine')
  )
  const relay = new IsolatedStream(
    KEY.session,
    KEY.stream,
    message => toEngine.push(message),
    () => ended.push('relay')
  )
  const got: Uint8Array[] = []
  const events: string[] = []
  relay.attach({
    onData: bytes => got.push(bytes),
    onEnd: () => events.push('end'),
    onReset: code => events.push(`reset ${code}`),
    onStopped: code => events.push(`stopped ${code}`),
    onWritable: () => events.push('writable')
  })
  const settle = (): void => {
    while (toEngine.length + toRelay.length > 0) {
      for (const message of toEngine.splice(0)) engine.onMessage(message)
      for (const message of toRelay.splice(0)) relay.onMessage(message)
    }
  }
  return { quic, relay, toEngine, toRelay, got, events, ended, settle }
}

const bytesOf = (messages: readonly StreamMessage[]) =>
  messages.reduce((sum, message) => sum + (message.kind === 'data' ? message.bytes.length : 0), 0)

/** `toEqual` walks typed arrays element by element, which takes seconds for a mebibyte. */
const same = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0

describe('a stream between the relay and its engine', () => {
  it('holds the engine back while the relay is paused, and delivers all in order after', async () => {
    const ends = joined()
    await Promise.resolve()
    ends.relay.pause()
    const sent: Uint8Array[] = []
    while (!ends.quic.paused) {
      const bytes = new Uint8Array(CHUNK).fill(sent.length)
      sent.push(bytes)
      ends.quic.events?.onData(bytes)
      ends.settle()
    }
    expect(sent.length * CHUNK).toBe(STREAM_CREDIT_BYTES)
    expect(ends.got).toEqual([])
    ends.relay.resume()
    await Promise.resolve()
    ends.settle()
    expect(ends.quic.paused).toBe(false)
    ends.quic.events?.onEnd()
    ends.settle()
    expect(same(concat(...ends.got), concat(...sent))).toBe(true)
    expect(ends.events).toEqual(['end'])
  })

  const payload = new Uint8Array(1_000_000).map((_, index) => index % 251)

  it('never has more than the credit under way to a peer that reads slowly, and loses nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 5, maxLength: 40 }), rooms => {
        const ends = joined()
        let at = 0
        const pump = (): void => {
          at += ends.relay.write(payload.subarray(at, at + CHUNK * 8))
        }
        for (const room of [...rooms, ...new Array<number>(40).fill(200_000)]) {
          pump()
          const underWay = at - ends.quic.taken.reduce((sum, part) => sum + part.length, 0)
          expect(underWay).toBeLessThanOrEqual(STREAM_CREDIT_BYTES)
          ends.settle()
          ends.quic.room = room
          ends.quic.events?.onWritable()
          ends.settle()
        }
        ends.relay.finish()
        ends.settle()
        expect(same(concat(...ends.quic.taken), payload)).toBe(true)
        expect(ends.quic.calls).toEqual(['finish'])
      }),
      { numRuns: 15 }
    )
  })

  it('says when a blocked writer may go on', () => {
    const ends = joined()
    expect(ends.relay.write(new Uint8Array(STREAM_CREDIT_BYTES + 1))).toBe(STREAM_CREDIT_BYTES)
    expect(bytesOf(ends.toEngine)).toBe(STREAM_CREDIT_BYTES)
    ends.settle()
    expect(ends.events).toEqual([])
    ends.quic.room = CHUNK
    ends.quic.events?.onWritable()
    ends.settle()
    expect(ends.events).toEqual(['writable'])
  })

  it('ends at both sides when both directions ended', async () => {
    const ends = joined()
    await Promise.resolve()
    ends.relay.finish()
    ends.quic.events?.onEnd()
    ends.settle()
    expect(ends.ended.toSorted()).toEqual(['engine', 'relay'])
  })

  it('passes resets and stops on', async () => {
    const local = joined()
    local.relay.reset(5)
    local.relay.stop(6)
    local.settle()
    expect(local.quic.calls).toEqual(['reset 5', 'stop 6'])
    expect(local.ended.toSorted()).toEqual(['engine', 'relay'])
    const remote = joined()
    remote.quic.events?.onReset(7)
    remote.quic.events?.onStopped(8)
    remote.settle()
    expect(remote.events).toEqual(['reset 7', 'stopped 8'])
    expect(remote.ended.toSorted()).toEqual(['engine', 'relay'])
  })

  it('tells a listener that comes late about a reset and a stop', async () => {
    const relay = new IsolatedStream(
      KEY.session,
      KEY.stream,
      () => {},
      () => {}
    )
    relay.onMessage({ kind: 'reset', code: 7, ...KEY })
    relay.onMessage({ kind: 'stop', code: 8, ...KEY })
    const events: string[] = []
    relay.attach({
      onData: () => {},
      onEnd: () => {},
      onReset: code => events.push(`reset ${code}`),
      onStopped: code => events.push(`stopped ${code}`),
      onWritable: () => {}
    })
    await Promise.resolve()
    expect(events).toEqual(['reset 7', 'stopped 8'])
  })
})
