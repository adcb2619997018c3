import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeVarint, readVarint } from './quic-varint.ts'

describe('QUIC variable-length integers', () => {
  it('reads the examples of RFC 9000 appendix A.1', () => {
    const read = (hex: string) => readVarint(Uint8Array.from(Buffer.from(hex, 'hex')), 0)
    expect(read('9d7f3e7d')).toEqual({ value: 494_878_333, lengthBytes: 4 })
    expect(read('7bbd')).toEqual({ value: 15_293, lengthBytes: 2 })
    expect(read('25')).toEqual({ value: 37, lengthBytes: 1 })
    expect(read('4025')).toEqual({ value: 37, lengthBytes: 2 })
  })

  it('saturates where a number ends, as in the 8-byte example of the RFC', () => {
    const bytes = Uint8Array.from(Buffer.from('c2197c5eff14e88c', 'hex'))
    expect(readVarint(bytes, 0)).toEqual({ value: Number.MAX_SAFE_INTEGER, lengthBytes: 8 })
  })

  it('reads back what it writes, in the shortest form, at any offset', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(8), (value, offset) => {
        const bytes = encodeVarint(value)
        const shifted = new Uint8Array(offset + bytes.length)
        shifted.set(bytes, offset)
        expect(readVarint(shifted, offset)).toEqual({ value, lengthBytes: bytes.length })
        expect(bytes.length).toBe(value < 64 ? 1 : value < 16_384 ? 2 : value < 1_073_741_824 ? 4 : 8)
      })
    )
  })

  it('asks for more bytes rather than guess', () => {
    const bytes = encodeVarint(494_878_333)
    for (let length = 0; length < bytes.length; length++)
      expect(readVarint(bytes.subarray(0, length), 0)).toBeUndefined()
  })

  it('refuses what it cannot write', () => {
    for (const value of [-1, 0.5, 2 ** 53, Number.NaN]) expect(() => encodeVarint(value)).toThrow(RangeError)
  })
})
