import type { Stream } from '@libp2p/interface'

/** What this needs of @libp2p/webrtc's streams, whose types are not exported: the data channel, and what moves bytes over it. */
interface WebRtcStream {
  readonly channel?: DataChannel
  /** Of payload: what the longest message holds beside its overhead. */
  readonly maxMessageSize?: number
  readonly maxBufferedAmount?: number
  _sendMessage?(data: ByteList | Uint8Array[]): void
  sendData?(data: ByteList): { sentBytes: number; canSendMore: boolean }
  processIncomingProtobuf?(message: Uint8Array): void
}

type DataChannel = Pick<RTCDataChannel, 'readyState' | 'bufferedAmount' | 'bufferedAmountLowThreshold' | 'onmessage'>

interface ByteList extends Iterable<Uint8Array> {
  readonly byteLength: number
  subarray(): Uint8Array
}

/** Half of what libp2p lets wait in a data channel. */
const LOW_BYTES = 1024 * 1024

/** Of the protobuf message (libp2p's WebRTC specification): field 2, length-delimited. */
const MESSAGE_TAG = 0x12
const MAX_VARINT_BYTES = 5
/** Length of the message, tag, length of the field. */
const MAX_HEAD_BYTES = 2 * MAX_VARINT_BYTES + 1

/**
 * Take a WebRTC stream's bytes the short way, in the same format. No other stream is changed.
 *
 * Upstream habits (@libp2p/webrtc 6.0): what is sent is copied four times, into memory that is new each time, and leaves as two messages, its
 * length of two bytes and the rest; more is sent only when nothing is left to send; what arrives goes through a queue and two asynchronous
 * generators before it is looked at.
 * @returns whether it copies what it is given by the time that it has left the stream's own queue
 */
export function leanWebRtcStream(stream: Stream): boolean {
  const inner = stream as unknown as WebRtcStream
  if (inner.channel === undefined) return false
  inner.channel.bufferedAmountLowThreshold = LOW_BYTES
  receiveAtOnce(inner, inner.channel, error => stream.abort(error))
  return sendAtOnce(inner, inner.channel)
}

/** @returns whether it is done so */
function sendAtOnce(inner: WebRtcStream, channel: DataChannel): boolean {
  const { maxMessageSize, maxBufferedAmount } = inner
  const sendMessage = inner._sendMessage?.bind(inner)
  if (sendMessage === undefined || inner.sendData === undefined) return false
  // flags are sent as lists
  inner._sendMessage = data => sendMessage('subarray' in data ? [data.subarray()] : data)
  if (maxMessageSize === undefined || maxBufferedAmount === undefined) return false
  // a data channel copies what it is given: the same memory serves for every message
  let scratch: Uint8Array<ArrayBuffer> | undefined
  inner.sendData = data => {
    if (channel.readyState !== 'open') return { sentBytes: 0, canSendMore: false }
    scratch ??= new Uint8Array(MAX_HEAD_BYTES + maxMessageSize)
    const { byteLength } = data
    let at = writeVarint(scratch, 0, 1 + varintBytes(byteLength) + byteLength)
    scratch[at++] = MESSAGE_TAG
    at = writeVarint(scratch, at, byteLength)
    for (const part of data) {
      scratch.set(part, at)
      at += part.length
    }
    sendMessage([scratch.subarray(0, at)])
    return { sentBytes: byteLength, canSendMore: channel.bufferedAmount < maxBufferedAmount }
  }
  return true
}

function receiveAtOnce(inner: WebRtcStream, channel: DataChannel, abort: (error: Error) => void): void {
  const receive = inner.processIncomingProtobuf?.bind(inner)
  const queue = channel.onmessage
  if (receive === undefined || queue === null) return
  // peers may cut messages as they like: from the first one that is not whole, all go through the queue, which joins them
  let whole = true
  channel.onmessage = event => {
    const message = whole && event.data instanceof ArrayBuffer ? soleMessage(new Uint8Array(event.data)) : undefined
    if (message === undefined) {
      whole = false
      queue.call(channel as RTCDataChannel, event)
      return
    }
    try {
      receive(message)
    } catch (error) {
      abort(error as Error)
    }
  }
}

/** What follows the length in front, if that is all there is. */
function soleMessage(bytes: Uint8Array): Uint8Array | undefined {
  let length = 0
  for (let at = 0; at < Math.min(bytes.length, MAX_VARINT_BYTES); at++) {
    const byte = bytes[at] ?? 0
    length += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return length === bytes.length - at - 1 ? bytes.subarray(at + 1) : undefined
  }
  return undefined
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let left = value; left >= 0x80; left = Math.floor(left / 0x80)) bytes++
  return bytes
}

/** @returns where it ends */
function writeVarint(target: Uint8Array, at: number, value: number): number {
  let [left, end] = [value, at]
  for (; left >= 0x80; left = Math.floor(left / 0x80)) target[end++] = (left % 0x80) | 0x80
  target[end++] = left
  return end
}
