import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeVarint } from './quic-varint.ts'
import { concat, encodeTlv, type Tlv, TlvReader } from './tlv-reader.ts'

const KEPT = new Map([
  [0, 100],
  [1, 100],
  [0x2843, 100]
])

describe('frames and capsules', () => {
  it('come out the same however the stream is cut, and unknown ones not at all', () => {
    const record = fc.record({
      type: fc.constantFrom(0, 1, 0x2843, 0x21, 0x4000_0000),
      value: fc.uint8Array({ maxLength: 100 })
    })
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 8 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        (sent, cuts) => {
          const stream = concat(...sent.map(({ type, value }) => encodeTlv(type, value)))
          const reader = new TlvReader(KEPT)
          const got: Tlv[] = []
          for (let at = 0; at < stream.length; ) {
            const size = cuts.next().value
            got.push(...reader.push(stream.subarray(at, at + size)))
            at += size
          }
          expect(got).toEqual(sent.filter(({ type }) => KEPT.has(type)))
          expect(reader.midRecord).toBe(false)
        }
      )
    )
  })

  it('are refused by their length, before their bytes come', () => {
    const reader = new TlvReader(KEPT)
    const header = concat(encodeVarint(0), encodeVarint(101))
    expect(() => reader.push(header)).toThrow(expect.objectContaining({ code: 'limit-exceeded' }))
  })

  it('of unknown type are skipped without being stored, however long they say they are', () => {
    const reader = new TlvReader(KEPT)
    reader.push(concat(encodeVarint(0x21), encodeVarint(2 ** 50)))
    for (let i = 0; i < 100; i++) expect(reader.push(new Uint8Array(65_536))).toEqual([])
    expect(reader.midRecord).toBe(true)
  })
})
