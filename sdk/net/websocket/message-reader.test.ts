import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foreignFrame, judgeForeign } from '../../../test/kit/foreign-websocket.ts'
import { CraftecError } from '../../errors/index.ts'
import { type Incoming, MessageReader } from './message-reader.ts'

const LIMIT = 100_000

/** A server's frame, in any shape: `first` is the byte with FIN, RSV and opcode. */
function frame(first: number, payload: Uint8Array | string = '', length?: readonly number[]): Uint8Array {
  const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload
  const short =
    bytes.length < 126
      ? [bytes.length]
      : bytes.length < 65_536
        ? [126, bytes.length >> 8, bytes.length & 0xff]
        : [127, 0, 0, 0, 0, 0, bytes.length >> 16, (bytes.length >> 8) & 0xff, bytes.length & 0xff]
  return Uint8Array.of(first, ...(length ?? short), ...bytes)
}

function read(chunks: readonly Uint8Array[], limit = LIMIT): Incoming[] {
  const reader = new MessageReader(limit)
  const all: Incoming[] = []
  const drain = (): void => {
    for (let next = reader.next(); next; next = reader.next()) all.push(next)
  }
  for (const chunk of chunks) {
    reader.push(chunk)
    drain()
  }
  return all
}

function failure(chunks: readonly Uint8Array[], limit?: number): CraftecError {
  try {
    read(chunks, limit)
  } catch (error) {
    if (error instanceof CraftecError) return error
  }
  throw new Error('nothing was refused')
}

describe('what a server sends', () => {
  it('is the examples of RFC 6455 §5.7', () => {
    expect(read([frame(0x81, 'Hello')])).toEqual([{ kind: 'message', data: 'Hello' }])
    expect(read([frame(0x01, 'Hel'), frame(0x80, 'lo')])).toEqual([{ kind: 'message', data: 'Hello' }])
    expect(read([frame(0x89, 'Hello')])).toEqual([{ kind: 'ping', payload: new TextEncoder().encode('Hello') }])
    const big = new Uint8Array(65_536).fill(9)
    expect(read([frame(0x82, big.subarray(0, 256))])).toEqual([{ kind: 'message', data: big.slice(0, 256) }])
    expect(read([frame(0x82, big)])).toEqual([{ kind: 'message', data: big }])
  })

  it('is the same whatever frames and chunks it is cut into', () => {
    const message = fc.record({
      data: fc.oneof(fc.string({ unit: 'binary', maxLength: 150 }), fc.uint8Array({ maxLength: 150 })),
      cuts: fc.array(fc.nat(150), { maxLength: 4 }),
      pings: fc.boolean()
    })
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
        (messages, sizes) => {
          const wire: Uint8Array[] = []
          const expected: Incoming[] = []
          for (const { data, cuts, pings } of messages) {
            const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data
            const borders = [0, ...cuts.map(cut => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]
            for (let index = 0; index + 1 < borders.length; index++) {
              const opcode = index > 0 ? 0 : typeof data === 'string' ? 1 : 2
              const fin = index + 2 === borders.length
              wire.push(foreignFrame(opcode, fin, bytes.slice(borders[index], borders[index + 1])))
              if (pings) {
                wire.push(frame(0x89, 'now'))
                expected.push({ kind: 'ping', payload: new TextEncoder().encode('now') })
              }
            }
            // The last frame of the message stands before the ping behind it.
            const at = pings ? expected.length - 1 : expected.length
            expected.splice(at, 0, { kind: 'message', data: typeof data === 'string' ? data : data.slice() })
          }
          const all = Uint8Array.from(wire.flatMap(part => [...part]))
          const chunks: Uint8Array[] = []
          for (let at = 0, index = 0; at < all.length; index++) {
            const size = sizes[index % sizes.length] ?? 1
            chunks.push(all.subarray(at, at + size))
            at += size
          }
          expect(read(chunks)).toEqual(expected)
        }
      ),
      { numRuns: 60 }
    )
  })

  it('ends with the close; what comes behind it is nothing', () => {
    const closing = frame(0x88, Uint8Array.of(0x03, 0xe8, 0x62, 0x79, 0x65))
    expect(read([closing, frame(0x81, 'late'), Uint8Array.of(0xff, 0xff)])).toEqual([
      { kind: 'close', closeCode: 1000, reason: 'bye' }
    ])
    expect(read([frame(0x88)])).toEqual([{ kind: 'close', closeCode: 1005, reason: '' }])
    for (const code of [1001, 1003, 1007, 1012, 1014, 3000, 4999]) {
      expect(read([frame(0x88, Uint8Array.of(code >> 8, code & 0xff))])).toMatchObject([{ closeCode: code }])
    }
  })

  it('may be no text and yet a byte order mark, a NUL, a noncharacter: each is kept', () => {
    for (const text of ['\ufeffmark', '\0', '\uffff', '\u{10ffff}']) {
      expect(read([frame(0x81, text)])).toEqual([{ kind: 'message', data: text }])
    }
  })
})

describe('a server that breaks the protocol', () => {
  const close = (...bytes: number[]): Uint8Array => frame(0x88, Uint8Array.from(bytes))
  it.each<[string, Uint8Array[], number]>([
    ['reserved bit 1', [frame(0xc1, 'x')], 1002],
    ['reserved bit 2', [frame(0xa1, 'x')], 1002],
    ['reserved bit 3', [frame(0x91, 'x')], 1002],
    ['a reserved bit in a control frame', [frame(0xc9)], 1002],
    ...[3, 4, 5, 6, 7].map(
      opcode => [`data opcode ${opcode}`, [frame(0x80 | opcode)], 1002] as [string, Uint8Array[], number]
    ),
    ...[11, 12, 13, 14, 15].map(
      opcode => [`control opcode ${opcode}`, [frame(0x80 | opcode)], 1002] as [string, Uint8Array[], number]
    ),
    ['a masked frame', [Uint8Array.of(0x81, 0x81, 0, 0, 0, 0, 0x78)], 1002],
    ['a ping in fragments', [frame(0x09, 'half')], 1002],
    ['a close in fragments', [frame(0x08)], 1002],
    ['a ping of 126 bytes', [frame(0x89, 'x'.repeat(126))], 1002],
    ['a close of 126 bytes', [frame(0x88, 'x'.repeat(126))], 1002],
    ['a continuation of nothing', [frame(0x80, 'x')], 1002],
    ['a continuation of nothing, not the last', [frame(0x00, 'x')], 1002],
    ['a continuation after a whole message', [frame(0x81, 'x'), frame(0x80, 'y')], 1002],
    ['text inside a message', [frame(0x01, 'x'), frame(0x81, 'y')], 1002],
    ['binary inside a message', [frame(0x01, 'x'), frame(0x02, 'y')], 1002],
    ['16 bits for a length below 126', [frame(0x82, 'short', [126, 0, 5])], 1002],
    ['64 bits for a length below 65,536', [frame(0x82, '', [127, 0, 0, 0, 0, 0, 0, 0xff, 0xff])], 1002],
    ['a length with its highest bit set', [frame(0x82, '', [127, 0x80, 0, 0, 0, 0, 0, 0, 0])], 1002],
    ['a close with one byte', [close(3)], 1002],
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
      code => [`a close with status ${code}`, [close(code >> 8, code & 0xff)], 1002] as [string, Uint8Array[], number]
    ),
    ['a reason that is not UTF-8', [close(3, 0xe8, 0xff)], 1007],
    ['text that is not UTF-8', [frame(0x81, Uint8Array.of(0xce, 0xba, 0xff))], 1007],
    ['text with an overlong form', [frame(0x81, Uint8Array.of(0xc0, 0x80))], 1007],
    ['text with a surrogate', [frame(0x81, Uint8Array.of(0xed, 0xa0, 0x80))], 1007],
    ['text beyond Unicode', [frame(0x81, Uint8Array.of(0xf4, 0x90, 0x80, 0x80))], 1007],
    ['text that ends inside a character', [frame(0x01, Uint8Array.of(0xf0, 0x9f)), frame(0x80)], 1007]
  ])('%s', (_, chunks, closeCode) => {
    expect(failure(chunks)).toMatchObject({ code: 'protocol-violation', details: { closeCode } })
    // Byte by byte too: no check may depend on where a chunk ends.
    const bytes = chunks.flatMap(chunk => [...chunk].map(byte => Uint8Array.of(byte)))
    expect(failure(bytes)).toMatchObject({ code: 'protocol-violation', details: { closeCode } })
  })

  it.each<[string, Uint8Array[]]>([
    ['one frame', [frame(0x82, '', [127, 0, 0, 0, 0, 0, 1, 0x86, 0xa1])]],
    ['2^53 bytes', [frame(0x82, '', [127, 0, 0x20, 0, 0, 0, 0, 0, 0])]],
    ['2^63 - 1 bytes', [frame(0x82, '', [127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])]],
    ['many fragments', [frame(0x02, 'x'.repeat(60_000)), frame(0x00, 'x'.repeat(40_000)), frame(0x80, 'x')]]
  ])('a message over the limit, in %s, before the byte too many', (_, chunks) => {
    expect(failure(chunks)).toMatchObject({ code: 'limit-exceeded', details: { closeCode: 1009, limit: LIMIT } })
  })

  it('a million fragments of one byte take no more memory than their message', () => {
    const reader = new MessageReader(2_000_000)
    reader.push(frame(0x02))
    expect(reader.next()).toBeUndefined()
    const fragments = new Uint8Array(3 * 10_000)
    for (let at = 0; at < fragments.length; at += 3) fragments.set([0x00, 0x01, 0x61], at)
    const before = process.memoryUsage().arrayBuffers
    for (let round = 0; round < 100; round++) {
      reader.push(fragments)
      expect(reader.next()).toBeUndefined()
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8_000_000)
    reader.push(frame(0x80))
    const message = reader.next()
    expect(message?.kind === 'message' && message.data.length).toBe(1_000_000)
  })

  it('is judged as another implementation judges it', async () => {
    const oneOf = (...values: number[]) => fc.constantFrom(...values)
    const hostileFrame = fc.record({
      // Mostly good, so that streams get somewhere before they break.
      first: fc.oneof(
        { weight: 9, arbitrary: oneOf(0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a, 0x88) },
        fc.nat(255)
      ),
      masked: fc.oneof({ weight: 19, arbitrary: fc.constant(0) }, fc.constant(0x80)),
      payload: fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 20 }).map(text => new TextEncoder().encode(text)),
        fc.uint8Array({ maxLength: 130 }),
        oneOf(0, 999, 1000, 1004, 1005, 1014, 1015, 2999, 3000, 4999, 5000).map(code =>
          Uint8Array.of(code >> 8, code & 255, 0x6f)
        )
      )
    })
    await fc.assert(
      fc.asyncProperty(fc.array(hostileFrame, { maxLength: 6 }), async frames => {
        const wire = Uint8Array.from(
          frames.flatMap(({ first, masked, payload }) => {
            const bytes = frame(first, payload)
            bytes[1] = (bytes[1] ?? 0) | masked
            return [...bytes]
          })
        )
        const ours: unknown[] = []
        const reader = new MessageReader(200)
        reader.push(wire)
        try {
          for (let next = reader.next(); next; next = reader.next())
            ours.push(
              next.kind === 'message'
                ? next.data
                : next.kind === 'ping'
                  ? ['ping', next.payload]
                  : next.kind === 'pong'
                    ? 'pong'
                    : [next.closeCode, next.reason]
            )
        } catch {
          ours.push('refused')
        }
        expect(ours).toEqual(await judgeForeign(wire, 200))
      }),
      { numRuns: 400 }
    )
  })

  it('never crashes otherwise, whatever it sends', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }), chunks => {
        try {
          read(chunks, 1000)
        } catch (error) {
          expect(error).toBeInstanceOf(CraftecError)
          expect((error as CraftecError).details.closeCode).toBeTypeOf('number')
        }
      }),
      { numRuns: 1000 }
    )
  })
})
