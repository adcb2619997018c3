/**
 * The server end of one HTTP/3 connection that carries one WebTransport session (RFC 9114, RFC 9220,
 * draft-ietf-webtrans-http3). Pure: bytes of a stream in, effects out. The shell owns QUIC, and reads a stream for this
 * machine only until a `stream` effect hands the stream over.
 *
 * Only what a libp2p dialer needs is served: no push, no dynamic QPACK table, no requests but the extended CONNECT, one
 * session a connection (browsers do not pool connections that pin a certificate), no unidirectional WebTransport streams.
 */
import { ByteReader, ByteWriter } from '../../../sdk/codec/index.ts'
import { CraftecError } from '../../../sdk/errors/index.ts'
import { CLOSE_WEBTRANSPORT_SESSION, H3_ERROR, H3_FRAME, H3_SETTING, H3_STREAM, WEBTRANSPORT_BIDI } from './h3-codes.ts'
import { decodeFieldSection, encodeFieldSection, type Field, MAX_FIELD_SECTION_BYTES } from './qpack.ts'
import { encodeVarint, readVarint } from './quic-varint.ts'
import { concat, encodeTlv, type Tlv, TlvReader } from './tlv-reader.ts'

/** What CONNECT asked for. */
export interface SessionRequest {
  readonly path: string
  readonly origin: string | undefined
}

export type WebTransportEffect =
  | { readonly kind: 'write'; readonly streamId: number; readonly bytes: Uint8Array; readonly fin: boolean }
  /** Send STOP_SENDING: what still comes is of no interest. */
  | { readonly kind: 'stop'; readonly streamId: number; readonly code: number }
  /** End both directions of a stream with `code`. */
  | { readonly kind: 'abort-stream'; readonly streamId: number; readonly code: number }
  /** The session is open: the answer 200 precedes this effect. */
  | { readonly kind: 'session'; readonly request: SessionRequest }
  /** A bidirectional stream of the session; `rest` are its first bytes, `fin` that no more follow. */
  | { readonly kind: 'stream'; readonly streamId: number; readonly rest: Uint8Array; readonly fin: boolean }
  | { readonly kind: 'session-closed'; readonly code: number; readonly reason: string }
  /** The peer broke the protocol: close the connection with an HTTP/3 error. */
  | { readonly kind: 'violation'; readonly code: number; readonly reason: string }

/** Decides about a request: an HTTP status, 200 to take it. */
export type AdmitSession = (request: SessionRequest) => number

/** The server's control stream is the first unidirectional stream it opens (RFC 9000 §2.1). */
const CONTROL_STREAM_ID = 3
const MAX_SETTINGS_BYTES = 1024
/** A capsule of 4 + 1024 bytes (draft §5) fits with room for its header; browsers send one in a DATA frame. */
const MAX_DATA_BYTES = 4096
const MAX_CLOSE_CAPSULE_BYTES = 4 + 1024

type StreamState =
  | { role: 'new-bidi' | 'new-uni'; head: Uint8Array }
  | { role: 'control'; frames: TlvReader; settingsSeen: boolean }
  | { role: 'request'; frames: TlvReader }
  | { role: 'session'; frames: TlvReader; capsules: TlvReader }
  | { role: 'qpack' }

export class WebTransportCore {
  private readonly admit: AdmitSession
  private readonly streams = new Map<number, StreamState>()
  private readonly criticalTypes = new Set<number>()
  private sessionId: number | undefined
  private state: 'idle' | 'open' | 'closed' = 'idle'

  constructor(admit: AdmitSession) {
    this.admit = admit
  }

  /** Once, when the QUIC handshake is done: open the control stream. */
  start(): WebTransportEffect[] {
    const settings: readonly (readonly [number, number])[] = [
      [H3_SETTING.maxFieldSectionSize, MAX_FIELD_SECTION_BYTES],
      [H3_SETTING.enableConnectProtocol, 1],
      [H3_SETTING.h3Datagram, 1],
      [H3_SETTING.enableWebTransport, 1],
      [H3_SETTING.webTransportMaxSessions, 1]
    ]
    const payload = concat(...settings.flatMap(([id, value]) => [encodeVarint(id), encodeVarint(value)]))
    const bytes = concat(encodeVarint(H3_STREAM.control), encodeTlv(H3_FRAME.settings, payload))
    return [{ kind: 'write', streamId: CONTROL_STREAM_ID, bytes, fin: false }]
  }

  /** Bytes of a stream the peer opened and that was not handed over. Never throws. */
  receive(streamId: number, bytes: Uint8Array, fin: boolean): WebTransportEffect[] {
    const stream = this.streams.get(streamId) ?? this.newStream(streamId)
    try {
      switch (stream.role) {
        case 'new-bidi':
        case 'new-uni':
          return this.onPreface(streamId, stream, bytes, fin)
        case 'control':
          return this.onControl(stream, bytes, fin)
        case 'request':
          return this.onRequest(streamId, stream, bytes, fin)
        case 'session':
          return this.onSessionStream(streamId, stream, bytes, fin)
        case 'qpack':
          // Nothing to do: with a table of capacity 0 the peer has nothing to say here that would change a thing.
          return fin ? [violation(H3_ERROR.closedCriticalStream, 'a QPACK stream ended')] : []
      }
    } catch (error) {
      if (!(error instanceof CraftecError)) throw error
      const code = error.code === 'limit-exceeded' ? H3_ERROR.excessiveLoad : H3_ERROR.frameError
      return [violation(code, error.message)]
    }
  }

  /** The peer reset a stream that was not handed over. */
  reset(streamId: number): WebTransportEffect[] {
    const stream = this.streams.get(streamId)
    this.streams.delete(streamId)
    if (stream?.role === 'control' || stream?.role === 'qpack')
      return [violation(H3_ERROR.closedCriticalStream, 'a critical stream was reset')]
    if (streamId === this.sessionId) return this.endSession(0, 'reset by the peer')
    return stream === undefined ? [] : this.giveUp(streamId, H3_ERROR.requestIncomplete)
  }

  /** End the session from this side. @param reason at most 1024 bytes of UTF-8 */
  close(code: number, reason: string): WebTransportEffect[] {
    if (this.state !== 'open' || this.sessionId === undefined) return []
    const value = new ByteWriter().u32(code).bytes(new TextEncoder().encode(reason)).finish()
    const bytes = encodeTlv(H3_FRAME.data, encodeTlv(CLOSE_WEBTRANSPORT_SESSION, value))
    return [{ kind: 'write', streamId: this.sessionId, bytes, fin: true }, ...this.endSession(code, reason)]
  }

  /** What a bidirectional stream opened by this side begins with. @throws CraftecError `link-closed` without a session */
  streamPreface(): Uint8Array {
    if (this.state !== 'open' || this.sessionId === undefined)
      throw new CraftecError('link-closed', 'the WebTransport session is not open')
    return concat(encodeVarint(WEBTRANSPORT_BIDI), encodeVarint(this.sessionId))
  }

  private newStream(streamId: number): StreamState {
    const stream: StreamState = { role: isBidirectional(streamId) ? 'new-bidi' : 'new-uni', head: new Uint8Array(0) }
    this.streams.set(streamId, stream)
    return stream
  }

  private onPreface(
    streamId: number,
    stream: { role: 'new-bidi' | 'new-uni'; head: Uint8Array },
    bytes: Uint8Array,
    fin: boolean
  ): WebTransportEffect[] {
    const head = concat(stream.head, bytes)
    const type = readVarint(head, 0)
    const decided = type && (stream.role === 'new-uni' || type.value !== WEBTRANSPORT_BIDI)
    if (type !== undefined && decided) {
      if (stream.role === 'new-uni') return this.onUniType(streamId, type.value, head.subarray(type.lengthBytes), fin)
      return this.become(streamId, { role: 'request', frames: requestFrames() }, head, fin)
    }
    const session = type && readVarint(head, type.lengthBytes)
    if (type !== undefined && session !== undefined) {
      if (this.state !== 'open' || session.value !== this.sessionId)
        return this.giveUp(streamId, H3_ERROR.webTransportBufferedStreamRejected)
      this.streams.delete(streamId)
      return [{ kind: 'stream', streamId, rest: head.subarray(type.lengthBytes + session.lengthBytes), fin }]
    }
    if (fin) return this.giveUp(streamId, H3_ERROR.requestIncomplete)
    stream.head = head // at most two varints: with more, both would have been read
    return []
  }

  /** Forget a stream; nothing more of it will be read or written. */
  private giveUp(streamId: number, code: number): WebTransportEffect[] {
    this.streams.delete(streamId)
    return [{ kind: isBidirectional(streamId) ? 'abort-stream' : 'stop', streamId, code }]
  }

  private onUniType(streamId: number, type: number, rest: Uint8Array, fin: boolean): WebTransportEffect[] {
    switch (type) {
      case H3_STREAM.control:
      case H3_STREAM.qpackEncoder:
      case H3_STREAM.qpackDecoder: {
        if (this.criticalTypes.has(type)) return [violation(H3_ERROR.streamCreationError, 'a second critical stream')]
        this.criticalTypes.add(type)
        const state: StreamState =
          type === H3_STREAM.control
            ? { role: 'control', frames: new TlvReader(CONTROL_FRAMES), settingsSeen: false }
            : { role: 'qpack' }
        return this.become(streamId, state, rest, fin)
      }
      case H3_STREAM.push:
        return [violation(H3_ERROR.streamCreationError, 'a client cannot push')]
      default:
        // Unknown types (RFC 9114 §6.2.3) and WebTransport unidirectional streams, which libp2p does not use.
        return this.giveUp(streamId, H3_ERROR.streamCreationError)
    }
  }

  private become(streamId: number, state: StreamState, rest: Uint8Array, fin: boolean): WebTransportEffect[] {
    this.streams.set(streamId, state)
    return this.receive(streamId, rest, fin)
  }

  private onControl(
    stream: { frames: TlvReader; settingsSeen: boolean },
    bytes: Uint8Array,
    fin: boolean
  ): WebTransportEffect[] {
    for (const frame of stream.frames.push(bytes)) {
      if (frame.type === H3_FRAME.settings) {
        if (stream.settingsSeen) return [violation(H3_ERROR.settingsError, 'settings came twice')]
        stream.settingsSeen = true
      } else if (!stream.settingsSeen)
        return [violation(H3_ERROR.missingSettings, 'the control stream has no settings')]
    }
    return fin ? [violation(H3_ERROR.closedCriticalStream, 'the control stream ended')] : []
  }

  private onRequest(
    streamId: number,
    stream: { frames: TlvReader },
    bytes: Uint8Array,
    fin: boolean
  ): WebTransportEffect[] {
    const [first, ...more] = stream.frames.push(bytes)
    if (first === undefined) return fin ? this.giveUp(streamId, H3_ERROR.requestIncomplete) : []
    if (first.type !== H3_FRAME.headers) return [violation(H3_ERROR.generalProtocolError, 'a request without headers')]
    let fields: Field[]
    try {
      fields = decodeFieldSection(first.value)
    } catch (error) {
      if (!(error instanceof CraftecError)) throw error
      return [violation(H3_ERROR.qpackDecompressionFailed, error.message)]
    }
    const request = readConnect(fields)
    if (request === 'malformed') return this.giveUp(streamId, H3_ERROR.messageError)
    const status = request === 'other' ? 501 : this.admitRequest(request)
    if (request === 'other' || status !== 200) {
      this.streams.delete(streamId)
      return [answer(streamId, status, fields, true), { kind: 'stop', streamId, code: H3_ERROR.noError }]
    }
    this.sessionId = streamId
    this.state = 'open'
    const session: StreamState = { role: 'session', frames: stream.frames, capsules: new TlvReader(CAPSULES) }
    this.streams.set(streamId, session)
    return [
      answer(streamId, status, fields, false),
      { kind: 'session', request },
      ...this.onCapsules(session, more),
      ...(fin ? this.onSessionStream(streamId, session, new Uint8Array(0), true) : [])
    ]
  }

  private admitRequest(request: SessionRequest): number {
    return this.state === 'idle' ? this.admit(request) : 429
  }

  private onSessionStream(
    streamId: number,
    stream: { frames: TlvReader; capsules: TlvReader },
    bytes: Uint8Array,
    fin: boolean
  ): WebTransportEffect[] {
    const effects = this.onCapsules(stream, stream.frames.push(bytes))
    if (!fin) return effects
    this.streams.delete(streamId)
    return [...effects, ...this.endSession(0, '')]
  }

  private onCapsules(stream: { capsules: TlvReader }, frames: readonly Tlv[]): WebTransportEffect[] {
    const effects: WebTransportEffect[] = []
    for (const frame of frames) {
      if (frame.type !== H3_FRAME.data) continue // trailers: nothing to learn from them
      for (const capsule of stream.capsules.push(frame.value)) {
        const value = new ByteReader(capsule.value, 'CLOSE_WEBTRANSPORT_SESSION')
        effects.push(...this.endSession(value.u32(), new TextDecoder().decode(value.rest())))
      }
    }
    return effects
  }

  private endSession(code: number, reason: string): WebTransportEffect[] {
    if (this.state !== 'open') return []
    this.state = 'closed'
    return [{ kind: 'session-closed', code, reason }]
  }
}

const CONTROL_FRAMES: ReadonlyMap<number, number> = new Map([
  [H3_FRAME.settings, MAX_SETTINGS_BYTES],
  [H3_FRAME.goaway, 8]
])

const CAPSULES: ReadonlyMap<number, number> = new Map([[CLOSE_WEBTRANSPORT_SESSION, MAX_CLOSE_CAPSULE_BYTES]])

/** The second bit of a stream id (RFC 9000 §2.1). */
function isBidirectional(streamId: number): boolean {
  return streamId % 4 < 2
}

function requestFrames(): TlvReader {
  return new TlvReader(
    new Map([
      [H3_FRAME.headers, MAX_FIELD_SECTION_BYTES],
      [H3_FRAME.data, MAX_DATA_BYTES]
    ])
  )
}

/** The extended CONNECT of RFC 9220 §3: `other` for any other request, `malformed` when pseudo-fields do not fit. */
function readConnect(fields: readonly Field[]): SessionRequest | 'other' | 'malformed' {
  const pseudo = new Map<string, string>()
  for (const [name, value] of fields) {
    if (!name.startsWith(':')) continue
    if (pseudo.has(name)) return 'malformed'
    pseudo.set(name, value)
  }
  const path = pseudo.get(':path')
  if (pseudo.get(':method') !== 'CONNECT' || pseudo.get(':protocol') !== 'webtransport') return 'other'
  if (path === undefined || !pseudo.has(':authority') || pseudo.get(':scheme') !== 'https') return 'malformed'
  return { path, origin: fields.find(([name]) => name === 'origin')?.[1] }
}

function answer(streamId: number, status: number, request: readonly Field[], fin: boolean): WebTransportEffect {
  const fields: Field[] = [[':status', String(status)]]
  // draft-02 clients want their version named in the answer.
  if (request.some(([name]) => name === 'sec-webtransport-http3-draft02'))
    fields.push(['sec-webtransport-http3-draft', 'draft02'])
  return { kind: 'write', streamId, bytes: encodeTlv(H3_FRAME.headers, encodeFieldSection(fields)), fin }
}

function violation(code: number, reason: string): WebTransportEffect {
  return { kind: 'violation', code, reason }
}
