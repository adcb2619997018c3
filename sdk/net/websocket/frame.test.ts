import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readForeign } from '../../../test/kit/foreign-websocket.ts'
import { decodeHex, encodeHex } from '../../codec/index.ts'
import { encodeFrame, OPCODE } from './frame.ts'

const text = (content: string): Uint8Array => new TextEncoder().encode(content)

describe('frames of a client', () => {
  it('is the masked "Hello" of RFC 6455 §5.7', () => {
    const frame = encodeFrame({ opcode: OPCODE.text, fin: true, payload: text('Hello') }, () => decodeHex('37fa213d'))
    expect(encodeHex(frame)).toBe('818537fa213d7f9f4d5158')
  })

  it('writes every length in the fewest bytes', () => {
    const headerOf = (length: number): string => {
      const payload = new Uint8Array(length)
      return encodeHex(
        encodeFrame({ opcode: OPCODE.binary, fin: false, payload }, () => new Uint8Array(4)).slice(0, 14)
      )
    }
    expect(headerOf(125)).toMatch(/^02fd00000000/)
    expect(headerOf(126)).toMatch(/^02fe007e00000000/)
    expect(headerOf(65_535)).toMatch(/^02feffff00000000/)
    expect(headerOf(65_536)).toMatch(/^02ff000000000001000000000000/)
  })

  it('takes a fresh mask for every frame', () => {
    let calls = 0
    const random = (length: number): Uint8Array => new Uint8Array(length).fill(++calls)
    const frame = { opcode: OPCODE.text, fin: true, payload: text('same') }
    expect(encodeFrame(frame, random)).not.toEqual(encodeFrame(frame, random))
    expect(calls).toBe(2)
  })

  it('is read by the receiver of another implementation as what was written', async () => {
    const frames = fc.array(
      fc.record({ payload: fc.uint8Array({ maxLength: 300 }), mask: fc.uint8Array({ minLength: 4, maxLength: 4 }) }),
      {
        minLength: 1,
        maxLength: 5
      }
    )
    await fc.assert(
      fc.asyncProperty(frames, async pieces => {
        const wire = pieces.map(({ payload, mask }, index) => {
          const opcode = index === 0 ? OPCODE.binary : OPCODE.continuation
          return encodeFrame({ opcode, fin: index === pieces.length - 1, payload }, () => mask)
        })
        expect(await readForeign(wire)).toEqual(Uint8Array.from(pieces.flatMap(({ payload }) => [...payload])))
      }),
      { numRuns: 100 }
    )
  })
})
