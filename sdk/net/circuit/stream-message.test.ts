import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CraftecError } from '../../errors/index.ts'
import { BACKWARD_PAYLOAD_BYTES, FORWARD_PAYLOAD_BYTES } from '../onion/index.ts'
import {
  decodeMessage,
  decodeTarget,
  encodeMessage,
  encodeTarget,
  MESSAGE,
  MESSAGE_HEADER_BYTES
} from './stream-message.ts'

describe('messages in a circuit (craftnet.md §5)', () => {
  it('read back what was written, in both directions', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(FORWARD_PAYLOAD_BYTES, BACKWARD_PAYLOAD_BYTES),
        fc.integer({ min: 1, max: 0xffff }),
        fc.uint8Array({ maxLength: FORWARD_PAYLOAD_BYTES - MESSAGE_HEADER_BYTES }),
        (size, streamId, data) => {
          const payload = new Uint8Array(size)
          encodeMessage(payload, streamId, MESSAGE.data, data)
          expect(decodeMessage(payload)).toEqual({ streamId, type: MESSAGE.data, data })
        }
      )
    )
  })

  it('read hostile payloads or refuse them as protocol-violation, 20,000 of them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 40 }), fc.integer({ min: 0, max: 12 }), (bytes, type) => {
        if (bytes.length > 2) bytes[2] = type
        try {
          const { data } = decodeMessage(bytes)
          expect(data.length).toBeLessThanOrEqual(bytes.length - MESSAGE_HEADER_BYTES)
        } catch (error) {
          expect(error).toMatchObject({ code: 'protocol-violation' })
        }
      }),
      { numRuns: 20_000 }
    )
  })

  it('name targets of up to 255 bytes', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }),
        fc.integer({ min: 1, max: 65_535 }),
        (host, port) => {
          fc.pre(new TextEncoder().encode(host).length <= 255)
          expect(decodeTarget(encodeTarget({ host, port }))).toEqual({ host, port })
        }
      )
    )
    for (const target of [
      { host: '', port: 80 },
      { host: 'a'.repeat(256), port: 80 },
      { host: 'a', port: 0 },
      { host: 'a', port: 65_536 },
      { host: 'a', port: 1.5 }
    ])
      expect(() => encodeTarget(target)).toThrow(CraftecError)
  })

  it('refuse targets that are cut, padded, empty or not text', () => {
    const good = encodeTarget({ host: 'ab', port: 80 })
    for (const bad of [
      good.subarray(1),
      good.subarray(0, -1),
      [...good, 0],
      [0, 80, 0, 0],
      [0, 0, 0, 1, 97],
      [0, 80, 0, 1, 0xff]
    ])
      expect(() => decodeTarget(Uint8Array.from(bad))).toThrow(CraftecError)
  })
})
