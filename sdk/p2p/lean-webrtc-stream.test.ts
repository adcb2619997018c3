import type { Stream } from '@libp2p/interface'
import { describe, expect, it } from 'vitest'
import { leanWebRtcStream } from './lean-webrtc-stream.ts'

const MAX_MESSAGE_BYTES = 16_370

type ByteList = ReturnType<typeof byteList>

/** As libp2p's lists of byte arrays. */
function byteList(...parts: Uint8Array[]) {
  const joined = new Uint8Array(parts.flatMap(part => [...part]))
  return { byteLength: joined.length, subarray: () => joined, [Symbol.iterator]: () => parts.values() }
}

/** As @libp2p/webrtc 6.0 makes them, with its queue replaced by a list. */
function webRtcStream() {
  const channel = {
    readyState: 'open',
    bufferedAmount: 0,
    bufferedAmountLowThreshold: 0,
    sent: [] as Uint8Array[],
    send(bytes: Uint8Array): void {
      channel.sent.push(bytes.slice())
    },
    onmessage: (event: { data: ArrayBuffer }): void => void stream.queued.push(new Uint8Array(event.data))
  }
  const stream = {
    channel,
    maxMessageSize: MAX_MESSAGE_BYTES,
    maxBufferedAmount: 100_000,
    queued: [] as Uint8Array[],
    received: [] as Uint8Array[],
    abortedWith: undefined as unknown,
    _sendMessage(data: Iterable<Uint8Array>): void {
      for (const bytes of data) channel.send(bytes)
    },
    sendData(_data: ByteList): { sentBytes: number; canSendMore: boolean } {
      throw new Error('the long way')
    },
    processIncomingProtobuf(message: Uint8Array): void {
      if (message[0] === 0xff) throw new Error('no protobuf')
      stream.received.push(message.slice())
    },
    abort(error: unknown): void {
      stream.abortedWith = error
    }
  }
  const copies = leanWebRtcStream(stream as unknown as Stream)
  const deliver = (...bytes: number[]): void => channel.onmessage({ data: new Uint8Array(bytes).buffer })
  return { channel, stream, deliver, copies }
}

describe('a WebRTC stream', () => {
  it('sends what is written as one message of the same format, whatever its length', () => {
    const { channel, stream } = webRtcStream()
    for (const length of [0, 1, 124, 125, 126, 127, 128, 16_000, MAX_MESSAGE_BYTES]) {
      const payload = new Uint8Array(length).map((_, i) => i)
      const list = byteList(payload.subarray(0, length >> 1), payload.subarray(length >> 1))
      expect(stream.sendData(list)).toEqual({ sentBytes: length, canSendMore: true })
      const message = channel.sent.pop() ?? new Uint8Array()
      const [prefix, at] = readVarint(message, 0)
      expect(prefix).toBe(message.length - at)
      expect(message[at]).toBe(0x12)
      const [field, from] = readVarint(message, at + 1)
      expect(field).toBe(length)
      expect(message.subarray(from)).toEqual(payload)
    }
    expect(channel.sent).toEqual([])
  })

  it('copies what it sends', () => {
    const { channel, stream, copies } = webRtcStream()
    expect(copies).toBe(true)
    const payload = new Uint8Array(1_000).fill(1)
    stream.sendData(byteList(payload))
    payload.fill(2)
    expect(channel.sent[0]?.slice(-1_000)).toEqual(new Uint8Array(1_000).fill(1))
  })

  it('sends a flag and its length as one message', () => {
    const { channel, stream } = webRtcStream()
    stream._sendMessage(byteList(new Uint8Array([2]), new Uint8Array([8, 0])))
    expect(channel.sent).toEqual([new Uint8Array([2, 8, 0])])
  })

  it('says when the data channel is full or not open, and wants more before it has sent all', () => {
    const { channel, stream } = webRtcStream()
    channel.bufferedAmount = 100_000
    expect(stream.sendData(byteList(new Uint8Array(5)))).toEqual({ sentBytes: 5, canSendMore: false })
    channel.readyState = 'closing'
    expect(stream.sendData(byteList(new Uint8Array(5)))).toEqual({ sentBytes: 0, canSendMore: false })
    expect(channel.bufferedAmountLowThreshold).toBeGreaterThan(0)
  })

  it('takes a whole message at once', () => {
    const { stream, deliver } = webRtcStream()
    deliver(3, 0x12, 1, 7)
    deliver(2, 8, 3)
    expect(stream.received).toEqual([new Uint8Array([0x12, 1, 7]), new Uint8Array([8, 3])])
    expect(stream.queued).toEqual([])
  })

  it.each([
    ['part of one', [3, 0x12, 1]],
    ['two at once', [2, 8, 3, 2, 8, 1]],
    ['nothing', []],
    ['a length without an end', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80]]
  ])('leaves a message that holds %s to the queue, and all that follow, in order', (_what, bytes) => {
    const { stream, deliver } = webRtcStream()
    deliver(2, 8, 3)
    deliver(...bytes)
    deliver(2, 8, 3)
    expect(stream.received.length).toBe(1)
    expect(stream.queued).toEqual([new Uint8Array(bytes), new Uint8Array([2, 8, 3])])
  })

  it('ends when a peer sends what is no message', () => {
    const { stream, deliver } = webRtcStream()
    deliver(1, 0xff)
    expect(stream.abortedWith).toEqual(new Error('no protobuf'))
  })

  it('is the only one that is changed', () => {
    const other = { send: () => true }
    expect(leanWebRtcStream(other as unknown as Stream)).toBe(false)
    expect(Object.keys(other)).toEqual(['send'])
  })
})

/** @returns the number, and where it ends */
function readVarint(bytes: Uint8Array, from: number): [number, number] {
  let value = 0
  for (let at = from; ; at++) {
    const byte = bytes[at] ?? 0
    value += (byte & 0x7f) * 2 ** (7 * (at - from))
    if (byte < 0x80) return [value, at + 1]
  }
}
