import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  array,
  bool,
  decodeBorsh,
  encodeBorsh,
  fixedBytes,
  i64,
  option,
  struct,
  u8,
  u16,
  u32,
  u64,
  vec
} from './borsh.ts'
import { decodeHex, encodeHex } from './hex.ts'

const everything = struct({
  a: u8,
  b: u16,
  c: u32,
  d: u64,
  e: i64,
  f: bool,
  g: fixedBytes(3),
  h: array(u16, 2),
  i: vec(u32, 5),
  j: option(i64)
})

const value = fc.record({
  a: fc.integer({ min: 0, max: 0xff }),
  b: fc.integer({ min: 0, max: 0xffff }),
  c: fc.integer({ min: 0, max: 0xffff_ffff }),
  d: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  e: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  f: fc.boolean(),
  g: fc.uint8Array({ minLength: 3, maxLength: 3 }),
  h: fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 2, maxLength: 2 }),
  i: fc.array(fc.integer({ min: 0, max: 0xffff_ffff }), { maxLength: 5 }),
  j: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { nil: undefined })
})

describe('borsh', () => {
  it('reads what it wrote', () => {
    fc.assert(
      fc.property(value, given => {
        expect(decodeBorsh(everything, encodeBorsh(everything, given), 'test')).toEqual(given)
      })
    )
  })

  it('has one form for one value: what it reads, it writes back', () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, at, flip) => {
        const bytes = encodeBorsh(everything, given)
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ flip
        let read: typeof given | undefined
        try {
          read = decodeBorsh(everything, bytes, 'test') as typeof given
        } catch (error) {
          expect(error).toMatchObject({ code: 'malformed' })
          return
        }
        expect(encodeBorsh(everything, read)).toEqual(bytes)
      })
    )
  })

  it('reads from a part of a larger buffer, Node buffers included, and keeps nothing of it', () => {
    const [given] = fc.sample(value, 1)
    if (given === undefined) throw new Error('no sample')
    const bytes = encodeBorsh(everything, given)
    const pool = Buffer.concat([Buffer.alloc(7, 0xff), bytes, Buffer.alloc(7, 0xff)])
    const read = decodeBorsh(everything, pool.subarray(7, 7 + bytes.length), 'test')
    pool.fill(0)
    expect(read).toEqual(given)
  })

  it('is little-endian', () => {
    const hex = (bytes: Uint8Array): string => encodeHex(bytes)
    expect(hex(encodeBorsh(u16, 0x1234))).toBe('3412')
    expect(hex(encodeBorsh(u32, 0xfedc_ba98))).toBe('98badcfe')
    expect(hex(encodeBorsh(u64, 0x0102_0304_0506_0708n))).toBe('0807060504030201')
    expect(hex(encodeBorsh(i64, -2n))).toBe('feffffffffffffff')
    expect(hex(encodeBorsh(vec(u8, 9), [7, 8]))).toBe('020000000708')
  })

  it.each([
    [bool, '02'],
    [option(u8), '0207'],
    [vec(u8, 2), '03000000010203'],
    [vec(u8, 1000), 'e8030000ff'],
    [u16, '01'],
    [u8, '0102']
  ])('refuses bytes that are no value (%#)', (codec, hex) => {
    expect(() => decodeBorsh<unknown>(codec, decodeHex(hex), 'test')).toThrow(
      expect.objectContaining({ code: 'malformed' })
    )
  })

  it('refuses values that do not fit', () => {
    const refused = [
      () => encodeBorsh(u8, 256),
      () => encodeBorsh(u16, -1),
      () => encodeBorsh(u32, 0.5),
      () => encodeBorsh(u64, 2n ** 64n),
      () => encodeBorsh(u64, -1n),
      () => encodeBorsh(u64, 1 as never),
      () => encodeBorsh(i64, 2n ** 63n),
      () => encodeBorsh(fixedBytes(2), new Uint8Array(3)),
      () => encodeBorsh(array(u8, 2), [1]),
      () => encodeBorsh(vec(u8, 1), [1, 2])
    ]
    for (const write of refused) expect(write).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})
