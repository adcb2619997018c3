import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat } from '../h3/tlv-reader.ts'
import { QuicheStream, type StreamBeginning, type StreamHost } from './quiche-stream.ts'

const ID = 5

/** quiche's side of one stream: `room` bytes may be sent, `inbox` is what has arrived. */
class FakeHost implements StreamHost {
  room: number | 'stopped' = 0
  readonly inbox: ({ bytes: Uint8Array; fin: boolean } | 'reset')[] = []
  readonly sent: Uint8Array[] = []
  readonly calls: string[] = []
  readonly woken: QuicheStream[] = []

  sendStream(_: number, bytes: Uint8Array, fin: boolean): number | 'stopped' {
    if (this.room === 'stopped') return 'stopped'
    const part = bytes.slice(0, this.room)
    this.room -= part.length
    if (part.length > 0) this.sent.push(part)
    if (fin) this.calls.push('fin')
    return part.length
  }
  streamRoom(): number | 'stopped' {
    return this.room
  }
  receiveStream(): { bytes: Uint8Array; fin: boolean } | 'reset' | undefined {
    return this.inbox.shift()
  }
  resetStream(_: number, code: number): void {
    this.calls.push(`reset ${code}`)
  }
  stopStream(_: number, code: number): void {
    this.calls.push(`stop ${code}`)
  }
  wake(stream: QuicheStream): void {
    this.woken.push(stream)
  }
  forget(): void {
    this.calls.push('forget')
  }
}

function stream(room: number, beginning: StreamBeginning = {}) {
  const host = new FakeHost()
  host.room = room
  const made = new QuicheStream(ID, host, beginning)
  const events: string[] = []
  made.attach({
    onData: bytes => events.push(`data ${bytes.join()}`),
    onEnd: () => events.push('end'),
    onReset: () => events.push('reset'),
    onStopped: () => events.push('stopped'),
    onWritable: () => events.push('writable')
  })
  return { host, made, events }
}

describe('a stream over quiche', () => {
  it('sends its preface before anything else, however little room there is, and then its end', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { maxLength: 40 }), fc.uint8Array({ maxLength: 20 }), (rooms, payload) => {
        const preface = Uint8Array.of(0x40, 0x41, 0)
        const { host, made } = stream(0, { preface })
        let rest = payload
        for (const room of [...rooms, ...new Array<number>(30).fill(1)]) {
          host.room = room
          made.pump()
          if (rest.length > 0) rest = rest.subarray(made.write(rest))
          else made.finish()
        }
        host.room = 100
        made.pump()
        expect(concat(...host.sent)).toEqual(concat(preface, payload))
        expect(host.calls).toEqual(['fin'])
      })
    )
  })

  it('tells a blocked writer once there is room, and only then', () => {
    const { host, made, events } = stream(2)
    expect(made.write(Uint8Array.of(1, 2, 3))).toBe(2)
    made.pump()
    expect(events).toEqual([])
    host.room = 1
    made.pump()
    made.pump()
    expect(events).toEqual(['writable'])
  })

  it('gives nothing while paused, and what came with the preface first', () => {
    const { host, made, events } = stream(0, { rest: { bytes: Uint8Array.of(1), fin: false } })
    host.inbox.push({ bytes: Uint8Array.of(2), fin: false }, { bytes: new Uint8Array(0), fin: true })
    made.pause()
    made.pump()
    expect(events).toEqual([])
    expect(host.inbox).toHaveLength(2)
    made.resume()
    made.pump()
    expect(events).toEqual(['data 1', 'data 2', 'end'])
  })

  it('answers a stop with a reset, and says so outside the writer’s call', () => {
    const { host, made, events } = stream(10)
    host.room = 'stopped'
    expect(made.write(Uint8Array.of(1))).toBe(0)
    expect(events).toEqual([])
    made.pump()
    expect(events).toEqual(['stopped'])
    expect(host.calls).toEqual(['reset 0'])
    expect(made.write(Uint8Array.of(1))).toBe(1)
  })

  it('is forgotten when both directions ended', () => {
    const { host, made, events } = stream(10)
    host.inbox.push('reset')
    made.pump()
    expect(events).toEqual(['reset'])
    expect(host.calls).toEqual([])
    made.finish()
    expect(host.calls).toEqual(['fin', 'forget'])
  })
})
