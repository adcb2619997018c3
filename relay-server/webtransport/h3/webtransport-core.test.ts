import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../../sdk/codec/index.ts'
import { CLOSE_WEBTRANSPORT_SESSION, H3_ERROR, H3_FRAME, H3_STREAM, WEBTRANSPORT_BIDI } from './h3-codes.ts'
import { decodeFieldSection, encodeFieldSection, type Field } from './qpack.ts'
import { encodeVarint, readVarint } from './quic-varint.ts'
import { concat, encodeTlv, TlvReader } from './tlv-reader.ts'
import { WebTransportCore, type WebTransportEffect } from './webtransport-core.ts'

const NOTHING = new Uint8Array(0)
const CONNECT: readonly Field[] = [
  [':method', 'CONNECT'],
  [':scheme', 'https'],
  [':authority', 'localhost'],
  [':path', '/here'],
  [':protocol', 'webtransport'],
  ['origin', 'https://app.example'],
  ['sec-webtransport-http3-draft02', '1']
]
const headers = (fields: readonly Field[]) => encodeTlv(H3_FRAME.headers, encodeFieldSection(fields))
const settings = concat(encodeVarint(H3_STREAM.control), encodeTlv(H3_FRAME.settings, NOTHING))
const streamHead = (sessionId: number) => concat(encodeVarint(WEBTRANSPORT_BIDI), encodeVarint(sessionId))

const core = (status = 200) => new WebTransportCore(() => status)
function opened(sessionId = 0): WebTransportCore {
  const machine = core()
  machine.receive(sessionId, headers(CONNECT), false)
  return machine
}
const kinds = (effects: readonly WebTransportEffect[]) => effects.map(effect => effect.kind)

/** The fields of an answer. */
function answered(effect: WebTransportEffect | undefined): Field[] {
  if (effect?.kind !== 'write') throw new Error('no answer')
  const [frame] = new TlvReader(new Map([[H3_FRAME.headers, 1000]])).push(effect.bytes)
  return decodeFieldSection(frame?.value ?? NOTHING)
}

describe('the server end of WebTransport over HTTP/3', () => {
  it('opens with settings that offer extended CONNECT, datagrams and one session', () => {
    const [effect] = core().start()
    if (effect?.kind !== 'write') throw new Error('no settings')
    expect(effect).toMatchObject({ streamId: 3, fin: false })
    expect(readVarint(effect.bytes, 0)?.value).toBe(H3_STREAM.control)
    const [frame] = new TlvReader(new Map([[H3_FRAME.settings, 1000]])).push(effect.bytes.subarray(1))
    const pairs = new Map<number, number>()
    for (let at = 0, value = frame?.value ?? NOTHING; at < value.length; ) {
      const id = readVarint(value, at)
      const content = readVarint(value, at + (id?.lengthBytes ?? 0))
      pairs.set(id?.value ?? -1, content?.value ?? -1)
      at += (id?.lengthBytes ?? 1) + (content?.lengthBytes ?? 1)
    }
    // RFC 9220 §3, RFC 9297 §2.1.1, draft-ietf-webtrans-http3-07 §3.1 and -02 §3.1
    expect(Object.fromEntries(pairs)).toMatchObject({ 8: 1, 51: 1, 3329323114: 1, 727725890: 1 })
  })

  it('opens a session, however the request is cut', () => {
    const request = headers(CONNECT)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: request.length }), size => {
        const machine = core()
        const effects: WebTransportEffect[] = []
        for (let at = 0; at < request.length; at += size)
          effects.push(...machine.receive(0, request.subarray(at, at + size), false))
        expect(kinds(effects)).toEqual(['write', 'session'])
        expect(effects[1]).toMatchObject({ request: { path: '/here', origin: 'https://app.example' } })
        expect(answered(effects[0])).toEqual([
          [':status', '200'],
          ['sec-webtransport-http3-draft', 'draft02']
        ])
      })
    )
  })

  it('answers what it does not admit, and forgets it', () => {
    const effects = core(404).receive(0, headers(CONNECT), false)
    expect(answered(effects[0])[0]).toEqual([':status', '404'])
    expect(effects).toMatchObject([{ kind: 'write', fin: true }, { kind: 'stop' }])
    const get: Field[] = [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':authority', 'localhost'],
      [':path', '/']
    ]
    expect(answered(core().receive(0, headers(get), true)[0])[0]).toEqual([':status', '501'])
    expect(answered(opened().receive(4, headers(CONNECT), false)[0])[0]).toEqual([':status', '429'])
  })

  it('rejects requests whose pseudo-fields do not fit', () => {
    const without = (name: string) => CONNECT.filter(field => field[0] !== name)
    for (const fields of [
      without(':path'),
      without(':authority'),
      without(':scheme'),
      [...CONNECT, CONNECT[3] as Field]
    ])
      expect(core().receive(0, headers(fields), false)).toEqual([
        { kind: 'abort-stream', streamId: 0, code: H3_ERROR.messageError }
      ])
  })

  it('hands over streams of the session with their first bytes', () => {
    const machine = opened()
    const bytes = concat(streamHead(0), Uint8Array.of(1, 2, 3))
    expect(machine.receive(4, bytes, true)).toEqual([
      { kind: 'stream', streamId: 4, rest: Uint8Array.of(1, 2, 3), fin: true }
    ])
    expect(machine.receive(8, bytes.subarray(0, 2), false)).toEqual([])
    expect(machine.receive(8, bytes.subarray(2), false)).toEqual([
      { kind: 'stream', streamId: 8, rest: Uint8Array.of(1, 2, 3), fin: false }
    ])
  })

  it('rejects streams of no session', () => {
    const rejected = [{ kind: 'abort-stream', streamId: 4, code: H3_ERROR.webTransportBufferedStreamRejected }]
    expect(core().receive(4, streamHead(0), false)).toEqual(rejected)
    expect(opened().receive(4, streamHead(8), false)).toEqual(rejected)
    const machine = opened()
    machine.receive(0, NOTHING, true)
    expect(machine.receive(4, streamHead(0), false)).toEqual(rejected)
  })

  it('ends the session on CLOSE, on the end of its stream, and on its reset, once', () => {
    const value = new ByteWriter().u32(7).bytes(new TextEncoder().encode('bye')).finish()
    const close = encodeTlv(H3_FRAME.data, encodeTlv(CLOSE_WEBTRANSPORT_SESSION, value))
    const machine = opened()
    expect(machine.receive(0, close, false)).toEqual([{ kind: 'session-closed', code: 7, reason: 'bye' }])
    expect(machine.receive(0, NOTHING, true)).toEqual([])
    expect(opened().receive(0, NOTHING, true)).toEqual([{ kind: 'session-closed', code: 0, reason: '' }])
    expect(kinds(opened().reset(0))).toEqual(['session-closed'])
  })

  it('closes with a capsule and the end of the stream', () => {
    const machine = opened()
    const [write, closed] = machine.close(7, 'bye')
    expect(closed).toEqual({ kind: 'session-closed', code: 7, reason: 'bye' })
    if (write?.kind !== 'write') throw new Error('nothing written')
    expect(opened().receive(0, write.bytes, write.fin)).toEqual([{ kind: 'session-closed', code: 7, reason: 'bye' }])
    expect(machine.close(7, 'bye')).toEqual([])
    expect(() => machine.streamPreface()).toThrow(expect.objectContaining({ code: 'link-closed' }))
  })

  it('treats broken critical streams as RFC 9114 says', () => {
    const code = (effects: readonly WebTransportEffect[]) =>
      effects.map(e => (e.kind === 'violation' ? e.code : e.kind))
    const started = () => {
      const machine = core()
      expect(machine.receive(2, settings, false)).toEqual([])
      return machine
    }
    expect(code(started().receive(2, NOTHING, true))).toEqual([H3_ERROR.closedCriticalStream])
    expect(code(started().reset(2))).toEqual([H3_ERROR.closedCriticalStream])
    expect(code(started().receive(6, settings, false))).toEqual([H3_ERROR.streamCreationError])
    expect(code(started().receive(2, encodeTlv(H3_FRAME.settings, NOTHING), false))).toEqual([H3_ERROR.settingsError])
    const goaway = concat(encodeVarint(H3_STREAM.control), encodeTlv(H3_FRAME.goaway, Uint8Array.of(0)))
    expect(code(core().receive(2, goaway, false))).toEqual([H3_ERROR.missingSettings])
    expect(code(core().receive(2, encodeVarint(H3_STREAM.push), false))).toEqual([H3_ERROR.streamCreationError])
    const dynamic = encodeTlv(H3_FRAME.headers, Uint8Array.of(1, 0, 0x80))
    expect(code(core().receive(0, dynamic, false))).toEqual([H3_ERROR.qpackDecompressionFailed])
    const long = concat(encodeVarint(H3_FRAME.headers), encodeVarint(1_000_000))
    expect(code(core().receive(0, long, false))).toEqual([H3_ERROR.excessiveLoad])
  })

  it('asks for an end of unidirectional streams that it has no use for', () => {
    for (const type of [H3_STREAM.webTransportUni, 0x21])
      expect(core().receive(6, encodeVarint(type), false)).toMatchObject([{ kind: 'stop', streamId: 6 }])
  })

  it('never throws and never opens a second session, whatever comes', () => {
    const pieces = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom(headers(CONNECT), settings, streamHead(0), encodeTlv(H3_FRAME.data, Uint8Array.of(0x68, 0x43)))
    )
    const event = fc.record({ id: fc.nat(6).map(n => n * 2), bytes: pieces, fin: fc.boolean(), reset: fc.boolean() })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), events => {
        const machine = core()
        const effects = events.flatMap(({ id, bytes, fin, reset }) =>
          reset ? machine.reset(id) : machine.receive(id, bytes, fin)
        )
        expect(kinds(effects).filter(kind => kind === 'session').length).toBeLessThanOrEqual(1)
      })
    )
  })
})
