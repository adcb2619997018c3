import { describe, expect, it } from 'vitest'
import type { Clock } from '../async/index.ts'
import { CraftecError } from '../errors/index.ts'
import type { PeerId } from '../identity/index.ts'
import { FlightLimit, MIN_FLIGHT_BYTES } from './flight-limit.ts'
import { MAX_FRAME_BYTES, WINDOW_BYTES } from './frame-format.ts'
import { CLOSE_DEADLINE_MS, FramedChannel } from './framed-channel.ts'
import { nextTurn } from './next-turn.ts'

class ManualClock implements Clock {
  private time = 0
  private tasks: { at: number; task: () => void }[] = []
  now = (): number => this.time
  monotonic = (): number => this.time
  after(delayMs: number, task: () => void): () => void {
    const entry = { at: this.time + delayMs, task }
    this.tasks.push(entry)
    return () => {
      this.tasks = this.tasks.filter(other => other !== entry)
    }
  }
  advance(ms: number): void {
    this.time += ms
    const due = this.tasks.filter(entry => entry.at <= this.time)
    this.tasks = this.tasks.filter(entry => entry.at > this.time)
    for (const entry of due) entry.task()
  }
  get pending(): number {
    return this.tasks.length
  }
}

interface End {
  channel: FramedChannel
  sent: Uint8Array[]
  ended: boolean
  resetWith: CraftecError | undefined
}

/** Two channels whose ports deliver to each other, by default at once. */
function pair(
  options: { full?: () => boolean; hold?: boolean; copies?: boolean; clock?: Clock; limited?: boolean } = {}
) {
  const clock = options.clock ?? new ManualClock()
  const ends: End[] = []
  const make = (index: 0 | 1): End => {
    const end: End = {
      sent: [],
      ended: false,
      resetWith: undefined,
      channel: new FramedChannel(
        {
          send: bytes => {
            end.sent.push(bytes)
            if (!options.hold) ends[1 - index]?.channel.received(bytes.slice())
            return !options.full?.()
          },
          holdsNothing: () => options.copies === true,
          end: () => {
            end.ended = true
          },
          reset: error => {
            end.resetWith = error
          }
        },
        {
          remotePeer: 'peer' as PeerId,
          remoteKey: new Uint8Array(32),
          transport: 'websocket',
          direction: index === 0 ? 'outbound' : 'inbound',
          maxFrameBytes: MAX_FRAME_BYTES,
          flight: options.limited ? new FlightLimit() : undefined
        },
        clock,
        nextTurn
      )
    }
    ends.push(end)
    return end
  }
  return { a: make(0), b: make(1) }
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    error => (error instanceof CraftecError ? error.code : `not a CraftecError: ${error}`)
  )
}

describe('Channel', () => {
  it('sends the frames of one tick in one write', async () => {
    const { a, b } = pair()
    for (let i = 0; i < 5; i++) expect(a.channel.trySend(new Uint8Array([i]))).toBe(true)
    const reader = b.channel.frames()
    for (let i = 0; i < 5; i++) expect((await reader.next()).value).toEqual(new Uint8Array([i]))
    expect(a.sent.length).toBe(1)
  })

  it('copies the frame: the caller may reuse the bytes at once', async () => {
    const { a, b } = pair()
    const bytes = new Uint8Array([1, 2])
    a.channel.trySend(bytes)
    bytes.fill(9)
    expect((await b.channel.frames().next()).value).toEqual(new Uint8Array([1, 2]))
  })

  it.each([true, false])('uses the memory of a long frame again only where the transport copies: %s', async copies => {
    const { a, b } = pair({ copies })
    const reader = b.channel.frames()
    for (let i = 0; i < 4; i++) {
      const frame = new Uint8Array(100_000).fill(i)
      await a.channel.send(frame)
      expect((await reader.next()).value).toEqual(frame)
    }
    expect(new Set(a.sent.map(bytes => bytes.buffer)).size).toBe(copies ? 1 : 4)
  })

  it('stops at one window of unread bytes and goes on when the reader does', async () => {
    const { a, b } = pair()
    const frame = new Uint8Array(64 * 1024 - 4)
    let taken = 0
    while (a.channel.trySend(frame)) taken++
    expect(taken).toBe(16)
    expect(b.channel.bufferedBytes).toBeLessThanOrEqual(WINDOW_BYTES)
    const writable = a.channel.writable()
    const reader = b.channel.frames()
    for (let i = 0; i < 16; i++) await reader.next()
    await writable
    expect(a.channel.trySend(frame)).toBe(true)
  })

  it('stops before its credit where little should be on the way, and goes on when what it sent was read', async () => {
    const { a, b } = pair({ limited: true })
    const frame = new Uint8Array(64 * 1024 - 4)
    let taken = 0
    while (a.channel.trySend(frame)) taken++
    expect(taken * (frame.length + 4)).toBe(MIN_FLIGHT_BYTES)
    const rest = Array.from({ length: 32 }, () => a.channel.send(frame))
    const reader = b.channel.frames()
    for (let i = 0; i < taken + rest.length; i++) expect((await reader.next()).value?.length).toBe(frame.length)
    await Promise.all(rest)
  })

  it('keeps the order of sends that had to wait', async () => {
    const { a, b } = pair()
    const sends: Promise<void>[] = []
    for (let i = 0; i < 40; i++) sends.push(a.channel.send(new Uint8Array(60_000).fill(i)))
    const got: (number | undefined)[] = []
    for await (const frame of b.channel.frames()) {
      got.push(frame[0])
      if (got.length === 40) break
    }
    await Promise.all(sends)
    expect(got).toEqual(Array.from({ length: 40 }, (_, i) => i))
  })

  it('waits for the transport: a full one is not written to until it drained', async () => {
    let full = true
    const { a, b } = pair({ full: () => full })
    a.channel.trySend(new Uint8Array(100))
    await Promise.resolve()
    expect(a.sent.length).toBe(1)
    a.channel.trySend(new Uint8Array(100))
    await Promise.resolve()
    expect(a.sent.length).toBe(1)
    full = false
    a.channel.drained()
    expect(a.sent.length).toBe(2)
    expect(b.channel.bufferedBytes).toBe(200)
  })

  it('bounds what waits for a transport that takes nothing', async () => {
    const { a } = pair({ full: () => true })
    let bytes = 0
    while (a.channel.trySend(new Uint8Array(2_000))) {
      bytes += 2_000
      await Promise.resolve()
    }
    expect(bytes).toBeLessThan(400_000)
  })

  it('delivers what was taken before an orderly close, and both ends see it as orderly', async () => {
    const { a, b } = pair()
    a.channel.trySend(new Uint8Array([1]))
    a.channel.trySend(new Uint8Array([2]))
    await a.channel.close()
    const got: Uint8Array[] = []
    for await (const frame of b.channel.frames()) got.push(frame)
    expect(got.map(frame => frame[0])).toEqual([1, 2])
    expect(await a.channel.closed).toBeUndefined()
    expect(await b.channel.closed).toBeUndefined()
    expect([a.ended, b.ended]).toEqual([true, true])
    expect(a.channel.trySend(new Uint8Array(1))).toBe(false)
    expect(await codeOf(b.channel.send(new Uint8Array(1)))).toBe('link-closed')
    expect(await codeOf(b.channel.writable())).toBe('link-closed')
  })

  it('does not wait for ever for a peer that never ends', async () => {
    const clock = new ManualClock()
    const { a } = pair({ clock, hold: true })
    const closing = a.channel.close()
    clock.advance(CLOSE_DEADLINE_MS)
    await closing
    expect((await a.channel.closed)?.code).toBe('timeout')
    expect(a.resetWith?.code).toBe('timeout')
  })

  it('leaves no timer behind after an orderly close', async () => {
    const clock = new ManualClock()
    const { a } = pair({ clock })
    await a.channel.close()
    expect(clock.pending).toBe(0)
  })

  it('tells a cut link from an orderly end, after the frames that did arrive', async () => {
    const { a, b } = pair()
    a.channel.trySend(new Uint8Array([7]))
    await Promise.resolve()
    b.channel.lost(new Error('gone'))
    const reader = b.channel.frames()
    expect((await reader.next()).value).toEqual(new Uint8Array([7]))
    expect(await codeOf(reader.next())).toBe('link-closed')
    expect((await b.channel.closed)?.code).toBe('link-closed')
  })

  it('resets the stream of a peer that breaks the protocol, and says so', async () => {
    const { b } = pair()
    const reading = b.channel.frames().next()
    b.channel.received(new Uint8Array([0x7f, 0xff, 0xff, 0xff]))
    expect(await codeOf(reading)).toBe('protocol-violation')
    expect(b.resetWith?.code).toBe('protocol-violation')
    b.channel.received(new Uint8Array([0, 0, 0, 1, 1]))
    expect(b.channel.bufferedBytes).toBe(0)
  })

  it('abort drops everything and rejects whoever waits', async () => {
    const { a, b } = pair()
    while (a.channel.trySend(new Uint8Array(60_000)));
    const waiting = codeOf(a.channel.send(new Uint8Array(60_000)))
    a.channel.abort(new CraftecError('stopped', 'test'))
    expect(await waiting).toBe('link-closed')
    expect((await a.channel.closed)?.code).toBe('stopped')
    b.channel.abort(new CraftecError('stopped', 'test'))
    expect(b.channel.bufferedBytes).toBe(0)
    expect(await codeOf(b.channel.frames().next())).toBe('stopped')
  })

  it('takes a waiting send out when its signal fires, and serves the next', async () => {
    const { a, b } = pair()
    while (a.channel.trySend(new Uint8Array(60_000)));
    const controller = new AbortController()
    const first = codeOf(a.channel.send(new Uint8Array(60_000).fill(1), { signal: controller.signal }))
    const second = a.channel.send(new Uint8Array(60_000).fill(2))
    controller.abort()
    expect(await first).toBe('aborted')
    let last = 0
    for await (const frame of b.channel.frames()) {
      last = frame[0] ?? 0
      if (last === 2) break
    }
    await second
    expect(last).toBe(2)
  })

  it('refuses a second reader at once, allows one after another', async () => {
    const { a, b } = pair()
    const reader = b.channel.frames()
    expect(() => b.channel.frames()).toThrow(CraftecError)
    await reader.return?.()
    a.channel.trySend(new Uint8Array([3]))
    expect((await b.channel.frames().next()).value).toEqual(new Uint8Array([3]))
  })

  it('refuses frames over the limit on the sending side', () => {
    const { a } = pair()
    expect(() => a.channel.trySend(new Uint8Array(MAX_FRAME_BYTES + 1))).toThrow(/at most/)
  })
})
