/** Numbers of the wire: HTTP/3 (RFC 9114 §11.2, RFC 9220, RFC 9297) and WebTransport over it (draft-ietf-webtrans-http3). */

export const H3_FRAME = {
  data: 0x00,
  headers: 0x01,
  settings: 0x04,
  goaway: 0x07
} as const

export const H3_STREAM = {
  control: 0x00,
  push: 0x01,
  qpackEncoder: 0x02,
  qpackDecoder: 0x03,
  webTransportUni: 0x54
} as const

/** First varint of a bidirectional WebTransport stream, in the place where a frame type would stand. */
export const WEBTRANSPORT_BIDI = 0x41

export const H3_SETTING = {
  maxFieldSectionSize: 0x06,
  enableConnectProtocol: 0x08,
  h3Datagram: 0x33,
  /** draft-02, what Chromium offered first and still takes. */
  enableWebTransport: 0x2b60_3742,
  /** draft-07: the number of sessions on one connection. */
  webTransportMaxSessions: 0xc671_706a
} as const

export const CLOSE_WEBTRANSPORT_SESSION = 0x2843

export const H3_ERROR = {
  noError: 0x100,
  generalProtocolError: 0x101,
  streamCreationError: 0x103,
  closedCriticalStream: 0x104,
  frameError: 0x106,
  excessiveLoad: 0x107,
  settingsError: 0x109,
  missingSettings: 0x10a,
  requestRejected: 0x10b,
  requestIncomplete: 0x10d,
  messageError: 0x10e,
  qpackDecompressionFailed: 0x200,
  webTransportBufferedStreamRejected: 0x3994_bd84
} as const

const FIRST_STREAM_ERROR = 0x52e4_a40f_a8db

/** A WebTransport stream error (0 to 2^32-1) as an HTTP/3 code; every 31st code is reserved (draft §4.4). */
export function toH3StreamError(code: number): number {
  return FIRST_STREAM_ERROR + code + Math.floor(code / 0x1e)
}
