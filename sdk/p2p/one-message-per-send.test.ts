import type { Stream } from '@libp2p/interface'
import { describe, expect, it } from 'vitest'
import { oneMessagePerSend } from './one-message-per-send.ts'

describe('a WebRTC stream', () => {
  it('sends a length and what it belongs to as one message, and wants more before it has sent all', () => {
    const sent: Uint8Array[] = []
    const stream = {
      channel: { bufferedAmountLowThreshold: 0 },
      _sendMessage(data: Iterable<Uint8Array>): void {
        sent.push(...data)
      }
    }
    oneMessagePerSend(stream as unknown as Stream)
    // as uint8arraylist has it
    const list = Object.assign([new Uint8Array([3]), new Uint8Array([1, 2, 3])], {
      subarray: () => new Uint8Array([3, 1, 2, 3])
    })
    stream._sendMessage(list)
    expect(sent).toEqual([new Uint8Array([3, 1, 2, 3])])
    expect(stream.channel.bufferedAmountLowThreshold).toBeGreaterThan(0)
  })

  it('is the only one that is changed', () => {
    const other = { send: () => true }
    oneMessagePerSend(other as unknown as Stream)
    expect(Object.keys(other)).toEqual(['send'])
  })
})
