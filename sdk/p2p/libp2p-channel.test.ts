import type { Connection, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../async/index.ts'
import { peerIdFromPublicKey } from '../identity/index.ts'
import { CONTROL_BIT, WINDOW_BYTES } from './frame-format.ts'
import { FrameReceiver } from './frame-receiver.ts'
import { channelOverStream } from './libp2p-channel.ts'
import { nextTurn } from './next-turn.ts'

/**
 * A stream that behaves as @libp2p/webtransport's does when it is paused: it aborts on resume, because its reader was
 * released (6.0, stream.ts `readData`).
 */
class WebTransportLikeStream extends EventTarget {
  readonly status = 'open'
  readonly direction = 'inbound'
  readonly sent: Uint8Array[] = []
  touched: string[] = []
  send(bytes: Uint8Array): boolean {
    this.sent.push(bytes)
    return true
  }
  pause(): void {
    this.touched.push('pause')
  }
  resume(): void {
    this.touched.push('resume')
  }
  onDrain(): Promise<void> {
    this.touched.push('onDrain')
    return Promise.resolve()
  }
  async close(): Promise<void> {}
  abort(): void {
    this.touched.push('abort')
  }
  deliver(bytes: Uint8Array): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data: bytes }))
  }
}

const connection = {
  remotePeer: peerIdFromString(peerIdFromPublicKey(new Uint8Array(32).fill(1))),
  remoteAddr: multiaddr('/ip4/127.0.0.1/udp/4001/quic-v1/webtransport')
} as unknown as Connection

/** Longer than a batch: each has memory of its own. */
const FRAME_BYTES = 70_000
const frames = [1, 2, 3, 4, 5].map(fill => new Uint8Array(FRAME_BYTES).fill(fill))

/** What the frames in `sent` are filled with; a frame of several values is undefined. */
function fillsOf(sent: readonly Uint8Array[]): (number | undefined)[] {
  const received = new FrameReceiver(FRAME_BYTES)
  for (const bytes of sent) received.push(bytes)
  return frames.map(() => {
    const frame = received.shift()
    return frame?.length === FRAME_BYTES && frame.every(byte => byte === frame[0]) ? frame[0] : undefined
  })
}

describe('channel over a WebTransport stream', () => {
  it('holds a slow reader back without ever pausing the stream, which would abort it', async () => {
    const stream = new WebTransportLikeStream()
    const channel = channelOverStream(stream as unknown as Stream, connection, { maxFrameBytes: 65_536 }, systemClock)
    expect(channel.transport).toBe('webtransport')
    const frame = new Uint8Array(4 + 32_764)
    new DataView(frame.buffer).setUint32(0, 32_764)
    for (let i = 0; i < 32; i++) stream.deliver(frame)
    expect(channel.bufferedBytes).toBe(WINDOW_BYTES - 32 * 4)
    const reader = channel.frames()
    for (let i = 0; i < 32; i++) await reader.next()
    expect(stream.touched).toEqual([])
    await new Promise(resolve => nextTurn(() => resolve(undefined)))
    // what goes back instead is credit, for all but the latest frames: it comes in quarters of the window
    const granted = stream.sent.flatMap(bytes =>
      Array.from({ length: bytes.length / 4 }, (_, i) => grantAt(bytes, i * 4))
    )
    expect(granted.reduce((sum, grant) => sum + grant, 0)).toBe((WINDOW_BYTES * 3) / 4)
  })
})

describe('channel over a stream that copies nothing', () => {
  it('leaves the bytes of a frame alone for good, though the stream says that nothing waits', async () => {
    const stream = Object.assign(new WebTransportLikeStream(), { writeBufferLength: 0 })
    const channel = channelOverStream(
      stream as unknown as Stream,
      connection,
      { maxFrameBytes: FRAME_BYTES },
      systemClock
    )
    for (const frame of frames) await channel.send(frame)
    expect(fillsOf(stream.sent)).toEqual([1, 2, 3, 4, 5])
  })
})

/** A stream as @libp2p/webrtc's: what its data channel does not take yet waits as it was given, not as a copy. */
class WebRtcLikeStream extends WebTransportLikeStream {
  readonly maxMessageSize = 100_000
  readonly maxBufferedAmount = 1024 * 1024
  readonly channel = { readyState: 'open', bufferedAmount: 0, bufferedAmountLowThreshold: 0, onmessage: null }
  readonly waiting: Uint8Array[] = []
  /** The memory that came with bytes. */
  readonly given = new Set<ArrayBufferLike>()
  stalled = false
  get writeBufferLength(): number {
    return this.waiting.reduce((sum, { length }) => sum + length, 0)
  }
  override send(bytes: Uint8Array): boolean {
    this.waiting.push(bytes)
    this.given.add(bytes.buffer)
    if (!this.stalled) this.drain()
    return true
  }
  /** The data channel takes what waits. */
  drain(): void {
    for (const bytes of this.waiting.splice(0)) super.send(bytes.slice())
  }
  _sendMessage(): void {}
  sendData(): void {}
}

describe('channel over a WebRTC stream', () => {
  it('leaves the bytes of a frame alone while the stream still holds them', async () => {
    const stream = new WebRtcLikeStream()
    const webrtc = { ...connection, remoteAddr: multiaddr('/webrtc') } as Connection
    const channel = channelOverStream(stream as unknown as Stream, webrtc, { maxFrameBytes: FRAME_BYTES }, systemClock)
    expect(channel.transport).toBe('webrtc')
    for (const frame of frames) {
      await channel.send(frame)
      // the first two leave at once, so that there is memory to use again
      stream.stalled = frame[0] !== 1
    }
    expect(stream.waiting).toHaveLength(3)
    expect(stream.given.size).toBe(3)
    stream.drain()
    expect(fillsOf(stream.sent)).toEqual([1, 2, 3, 4, 5])
  })
})

function grantAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at) - CONTROL_BIT
}
