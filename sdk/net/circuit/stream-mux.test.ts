import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../codec/index.ts'
import { BACKWARD_PAYLOAD_BYTES, FORWARD_PAYLOAD_BYTES } from '../onion/index.ts'
import { RESET } from './destroy-reason.ts'
import { type MuxStream, STREAM_WINDOW_BYTES } from './mux-stream.ts'
import { decodeMessage, encodeMessage, encodeTarget, MESSAGE, type MessageType } from './stream-message.ts'
import { StreamMux } from './stream-mux.ts'

const TARGET = { host: 'origin.test', port: 80 }

/** Both ends of a circuit without the circuit. */
class Pair {
  held = 0
  readonly streams: MuxStream[] = []
  readonly pongs: Uint8Array[] = []
  readonly client = this.mux('client')
  readonly exit = this.mux('exit')

  private mux(role: 'client' | 'exit'): StreamMux {
    return new StreamMux({
      role,
      maxStreams: 4,
      onOutput: () => {},
      hold: bytes => {
        this.held += bytes
      },
      onStream: stream => this.streams.push(stream),
      onPong: token => this.pongs.push(token.slice())
    })
  }

  /** Let everything pass both ways until nobody has anything to say. */
  settle(): void {
    for (let moved = true; moved; ) {
      moved = false
      for (const [from, to] of [
        [this.client, this.exit],
        [this.exit, this.client]
      ] as const)
        for (let payload = from.next(); payload !== undefined; payload = from.next()) {
          to.receive(payload)
          moved = true
        }
    }
  }

  openBoth(): { near: MuxStream; far: MuxStream } {
    const near = this.client.open(TARGET)
    this.settle()
    const far = this.streams.at(-1)
    if (far === undefined) throw new Error('the exit saw no stream')
    far.accept()
    this.settle()
    return { near, far }
  }
}

function listen(stream: MuxStream): string[] {
  const log: string[] = []
  stream.listener = {
    connected: () => log.push('connected'),
    readable: () => log.push('readable'),
    written: () => log.push('written'),
    ended: error => log.push(`ended ${error?.code}`)
  }
  return log
}

function readAll(stream: MuxStream): number {
  let total = 0
  for (let bytes = stream.read(); bytes !== undefined; bytes = stream.read()) total += bytes.length
  return total
}

function message(
  streamId: number,
  type: MessageType,
  data: Uint8Array = new Uint8Array(0),
  role = 'client'
): Uint8Array {
  const payload = new Uint8Array(role === 'client' ? FORWARD_PAYLOAD_BYTES : BACKWARD_PAYLOAD_BYTES)
  encodeMessage(payload, streamId, type, data)
  return payload
}

describe('streams of a circuit', () => {
  it('send data behind BEGIN without waiting for the exit', () => {
    const pair = new Pair()
    const near = pair.client.open(TARGET)
    near.write(Uint8Array.of(1, 2, 3))
    near.end()
    const sent: number[] = []
    for (let payload = pair.client.next(); payload !== undefined; payload = pair.client.next())
      sent.push(decodeMessage(payload).type)
    expect(sent).toEqual([MESSAGE.begin, MESSAGE.data, MESSAGE.fin])
  })

  it('stop at one window of unread bytes and go on as they are read, and count what they hold', () => {
    const pair = new Pair()
    const { near, far } = pair.openBoth()
    const log = listen(far)
    far.write(new Uint8Array(3 * STREAM_WINDOW_BYTES))
    pair.settle()
    expect(far.bufferedBytes).toBe(2 * STREAM_WINDOW_BYTES)
    expect(pair.held).toBe(3 * STREAM_WINDOW_BYTES)
    expect(readAll(near)).toBe(STREAM_WINDOW_BYTES)
    pair.settle()
    expect(far.bufferedBytes).toBe(STREAM_WINDOW_BYTES)
    expect(readAll(near)).toBe(STREAM_WINDOW_BYTES)
    pair.settle()
    expect(log).toEqual(['written'])
    readAll(near)
    expect(pair.held).toBe(0)
  })

  it('finish each direction on its own, and are gone when both are finished and read', () => {
    const pair = new Pair()
    const { near, far } = pair.openBoth()
    const nearLog = listen(near)
    const farLog = listen(far)
    near.write(Uint8Array.of(1))
    near.end()
    pair.settle()
    expect(far.readEnded).toBe(false)
    expect(readAll(far)).toBe(1)
    expect(far.readEnded).toBe(true)
    far.write(Uint8Array.of(2))
    far.end()
    pair.settle()
    expect(farLog.at(-1)).toBe('ended undefined')
    expect(nearLog).not.toContain('ended undefined')
    expect(readAll(near)).toBe(1)
    expect(nearLog.at(-1)).toBe('ended undefined')
    expect([pair.client.streamCount, pair.exit.streamCount]).toEqual([0, 0])
    expect(() => near.write(Uint8Array.of(3))).toThrow('the stream has ended')
  })

  it('tell why the exit did not connect', () => {
    const pair = new Pair()
    const near = pair.client.open(TARGET)
    const log = listen(near)
    near.write(new Uint8Array(100))
    pair.settle()
    pair.streams[0]?.reset(RESET.name)
    pair.settle()
    expect(log.at(-1)).toBe('ended name-not-resolved')
    expect(near.readEnded).toBe(false)
    expect([pair.client.streamCount, pair.exit.streamCount, pair.held]).toEqual([0, 0, 0])
  })

  it('forget what is under way when reset, and ignore what still arrives', () => {
    const pair = new Pair()
    const { near, far } = pair.openBoth()
    far.write(new Uint8Array(50_000))
    const late = pair.exit.next()?.slice()
    near.reset(RESET.none)
    near.reset(RESET.none)
    pair.settle()
    if (late !== undefined) pair.client.receive(late)
    expect([pair.client.streamCount, pair.exit.streamCount, pair.held]).toEqual([0, 0, 0])
    expect(far.isOver).toBe(true)
  })

  it('leave no trace when reset before BEGIN went out', () => {
    const pair = new Pair()
    pair.client.open(TARGET).reset(RESET.none)
    expect(pair.client.next()).toBeUndefined()
    expect(pair.client.streamCount).toBe(0)
    expect(pair.openBoth().near.id).toBe(2)
  })

  it('take turns', () => {
    const pair = new Pair()
    const greedy = pair.client.open(TARGET)
    greedy.write(new Uint8Array(100_000))
    const modest = pair.client.open(TARGET)
    modest.write(Uint8Array.of(1))
    const first = Array.from({ length: 4 }, () => decodeMessage(pair.client.next() ?? new Uint8Array(0)))
    expect(first.map(({ streamId, type }) => [streamId, type])).toEqual([
      [greedy.id, MESSAGE.begin],
      [modest.id, MESSAGE.begin],
      [greedy.id, MESSAGE.data],
      [modest.id, MESSAGE.data]
    ])
  })

  it('put small writes together into one cell', () => {
    const pair = new Pair()
    const near = pair.client.open(TARGET)
    const log = listen(near)
    for (let n = 0; n < 10; n++) near.write(Uint8Array.of(n))
    pair.client.next()
    expect(decodeMessage(pair.client.next() ?? new Uint8Array(0)).data).toEqual(
      Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    )
    expect(log).toHaveLength(10)
  })

  it('are limited at both ends, and ids are never used twice', () => {
    const pair = new Pair()
    for (let n = 0; n < 4; n++) pair.client.open(TARGET)
    expect(() => pair.client.open(TARGET)).toThrow('no room')
    pair.settle()
    pair.exit.receive(message(9, MESSAGE.begin, encodeTarget(TARGET)))
    expect(decodeMessage(pair.exit.next() ?? new Uint8Array(0))).toMatchObject({
      streamId: 9,
      type: MESSAGE.reset,
      data: Uint8Array.of(RESET.limit)
    })
    expect(() => pair.exit.receive(message(9, MESSAGE.begin, encodeTarget(TARGET)))).toThrow('above all before')
  })

  it('use up their ids and say so', () => {
    const pair = new Pair()
    for (let n = 0; n < 0xffff; n++) pair.client.open(TARGET).reset(RESET.none)
    expect(pair.client.unusedIds).toBe(0)
    expect(() => pair.client.open(TARGET)).toThrow('no room')
  })

  it('answer pings, a bounded number at a time', () => {
    const pair = new Pair()
    const token = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
    expect(pair.client.ping(token)).toBe(true)
    pair.settle()
    expect(pair.pongs).toEqual([token])
    for (let n = 0; n < 1000; n++) pair.exit.receive(message(0, MESSAGE.ping, token))
    let answers = 0
    while (pair.exit.next() !== undefined) answers++
    expect(answers).toBeLessThan(100)
  })

  it('end a client that opens streams without reading the refusals', () => {
    const pair = new Pair()
    pair.exit.refusal = RESET.shuttingDown
    expect(() => {
      for (let id = 1; id < 1000; id++) pair.exit.receive(message(id, MESSAGE.begin, encodeTarget(TARGET)))
    }).toThrow('without reading')
  })

  const window = (bytes: number): Uint8Array => new ByteWriter(4).u32(bytes).finish()
  it.each([
    ['DATA for a stream that never was', 9, MESSAGE.data, new Uint8Array(1)],
    ['CONNECTED from the client', 1, MESSAGE.connected, new Uint8Array(0)],
    ['WINDOW for more than was sent', 1, MESSAGE.window, window(1)],
    ['BEGIN again', 1, MESSAGE.begin, encodeTarget(TARGET)],
    ['BEGIN without a host', 2, MESSAGE.begin, Uint8Array.of(0, 80, 0, 0, 0)]
  ] as const)('end the circuit at %s', (_, streamId, type, data) => {
    const pair = new Pair()
    pair.openBoth()
    expect(() => pair.exit.receive(message(streamId, type, data))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/protocol-violation|malformed/) })
    )
  })

  it('end the circuit at DATA beyond the window, or after FIN', () => {
    const pair = new Pair()
    pair.openBoth()
    const full = new Uint8Array(4003)
    expect(() => {
      for (let sent = 0; sent <= STREAM_WINDOW_BYTES; sent += full.length)
        pair.exit.receive(message(1, MESSAGE.data, full))
    }).toThrow('beyond the window')
    const other = new Pair()
    other.openBoth()
    other.exit.receive(message(1, MESSAGE.fin))
    expect(() => other.exit.receive(message(1, MESSAGE.data, full))).toThrow('out of place')
    expect(() => other.exit.receive(message(1, MESSAGE.fin))).toThrow('out of place')
  })

  it('end the circuit at an exit that talks before it is connected, opens streams, or connects twice', () => {
    for (const [type, data] of [
      [MESSAGE.data, Uint8Array.of(1)],
      [MESSAGE.fin, new Uint8Array(0)],
      [MESSAGE.begin, encodeTarget(TARGET)]
    ] as const) {
      const pair = new Pair()
      pair.client.open(TARGET)
      expect(() => pair.client.receive(message(1, type, data, 'exit'))).toThrow()
    }
    const pair = new Pair()
    pair.openBoth()
    expect(() => pair.client.receive(message(1, MESSAGE.connected, new Uint8Array(0), 'exit'))).toThrow('out of place')
  })
})
