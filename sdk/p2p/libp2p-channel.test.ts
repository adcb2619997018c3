import type { Connection, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../async/index.ts'
import { peerIdFromPublicKey } from '../identity/index.ts'
import { CONTROL_BIT, WINDOW_BYTES } from './frame-format.ts'
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

function grantAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at) - CONTROL_BIT
}
