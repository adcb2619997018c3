/**
 * What client and exit say to each other inside RELAY cells: docs/protocol/craftnet.md §5, "Payload".
 * The zero fill is not checked: the payload is sealed end to end, so nobody but the far end could have written there.
 */
import { ByteReader, ByteWriter } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { BACKWARD_PAYLOAD_BYTES } from '../onion/index.ts'

export const MESSAGE_HEADER_BYTES = 5
export const PING_BYTES = 8
const MAX_HOST_BYTES = 255

export const MESSAGE = {
  noop: 0,
  begin: 1,
  connected: 2,
  data: 3,
  fin: 4,
  reset: 5,
  window: 6,
  ping: 7,
  pong: 8
} as const
export type MessageType = (typeof MESSAGE)[keyof typeof MESSAGE]

const DATA_LENGTH: Record<MessageType, { readonly min: number; readonly max: number }> = {
  0: { min: 0, max: 0 },
  1: { min: 5, max: 4 + MAX_HOST_BYTES },
  2: { min: 0, max: 0 },
  3: { min: 0, max: BACKWARD_PAYLOAD_BYTES },
  4: { min: 0, max: 0 },
  5: { min: 1, max: 1 },
  6: { min: 4, max: 4 },
  7: { min: PING_BYTES, max: PING_BYTES },
  8: { min: PING_BYTES, max: PING_BYTES }
}

export interface StreamMessage {
  readonly streamId: number
  readonly type: MessageType
  /** A view into the payload. */
  readonly data: Uint8Array
}

export interface StreamTarget {
  readonly host: string
  readonly port: number
}

/** @throws CraftecError `protocol-violation`: the far end does not speak the protocol and the circuit must end */
export function decodeMessage(payload: Uint8Array): StreamMessage {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  if (payload.length < MESSAGE_HEADER_BYTES) throw violation(`a payload of ${payload.length} bytes`)
  const streamId = view.getUint16(0)
  const type = view.getUint8(2)
  const length = view.getUint16(3)
  if (!isMessageType(type)) throw violation(`unknown type ${type}`)
  const { min, max } = DATA_LENGTH[type]
  if (length < min || length > max || length > payload.length - MESSAGE_HEADER_BYTES)
    throw violation(`type ${type} with ${length} bytes`)
  const wholeCircuit = type === MESSAGE.noop || type === MESSAGE.ping || type === MESSAGE.pong
  if (wholeCircuit !== (streamId === 0)) throw violation(`type ${type} on stream ${streamId}`)
  return { streamId, type, data: payload.subarray(MESSAGE_HEADER_BYTES, MESSAGE_HEADER_BYTES + length) }
}

/** Write header and data; `payload` must be zero where nothing is written. */
export function encodeMessage(payload: Uint8Array, streamId: number, type: MessageType, data: Uint8Array): void {
  writeMessageHeader(payload, streamId, type, data.length)
  payload.set(data, MESSAGE_HEADER_BYTES)
}

export function writeMessageHeader(payload: Uint8Array, streamId: number, type: MessageType, length: number): void {
  payload[0] = streamId >>> 8
  payload[1] = streamId & 0xff
  payload[2] = type
  payload[3] = length >>> 8
  payload[4] = length & 0xff
}

/** @throws CraftecError `invalid-argument` when the host is empty or over 255 bytes, or the port is not 1..65535 */
export function encodeTarget({ host, port }: StreamTarget): Uint8Array {
  if (!Number.isInteger(port) || port < 1 || port > 0xffff)
    throw new CraftecError('invalid-argument', `a port is a whole number from 1 to 65535, got ${port}`)
  const bytes = new ByteWriter(4 + MAX_HOST_BYTES).u16(port).string16(host).finish()
  if (bytes.length < DATA_LENGTH[MESSAGE.begin].min || bytes.length > DATA_LENGTH[MESSAGE.begin].max)
    throw new CraftecError('invalid-argument', `a host name has 1 to ${MAX_HOST_BYTES} bytes`)
  return bytes
}

/** @throws CraftecError `malformed` */
export function decodeTarget(data: Uint8Array): StreamTarget {
  const reader = new ByteReader(data, 'stream target')
  const port = reader.u16()
  const host = reader.string16(MAX_HOST_BYTES)
  reader.end()
  if (port === 0 || host.length === 0) throw reader.malformed('host or port is empty')
  return { host, port }
}

function isMessageType(type: number): type is MessageType {
  return type in DATA_LENGTH
}

function violation(message: string): CraftecError {
  return new CraftecError('protocol-violation', `circuit payload: ${message}`)
}
