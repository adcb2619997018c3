import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from './index.ts'

const field = fc.oneof(
  fc.record({ kind: fc.constant('u8' as const), value: fc.integer({ min: 0, max: 0xff }) }),
  fc.record({ kind: fc.constant('u16' as const), value: fc.integer({ min: 0, max: 0xffff }) }),
  fc.record({ kind: fc.constant('u32' as const), value: fc.integer({ min: 0, max: 0xffff_ffff }) }),
  fc.record({ kind: fc.constant('u64' as const), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
  fc.record({ kind: fc.constant('u16le' as const), value: fc.integer({ min: 0, max: 0xffff }) }),
  fc.record({ kind: fc.constant('u32le' as const), value: fc.integer({ min: 0, max: 0xffff_ffff }) }),
  fc.record({ kind: fc.constant('u64le' as const), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
  fc.record({ kind: fc.constant('bytes16' as const), value: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({ kind: fc.constant('string16' as const), value: fc.string({ unit: 'grapheme', maxLength: 20 }) })
)

describe('ByteWriter and ByteReader', () => {
  it('agree on any fields in any order, whatever capacity the writer began with', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.array(field, { maxLength: 40 }), (capacity, fields) => {
        const writer = new ByteWriter(capacity)
        for (const { kind, value } of fields)
          (writer[kind] as (this: ByteWriter, value: unknown) => ByteWriter).call(writer, value)
        const reader = new ByteReader(writer.finish(), 'test')
        for (const { kind, value } of fields) expect(reader[kind]()).toEqual(value)
        reader.end()
      })
    )
  })

  it('write big-endian, and little-endian where the name says so', () => {
    const bytes = new ByteWriter().u16(1).u32(1).u64(1n).u16le(1).u32le(1).u64le(1n).finish()
    expect(bytes).toEqual(
      Uint8Array.of(...[0, 1], ...[0, 0, 0, 1], ...[0, 0, 0, 0, 0, 0, 0, 1], 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0)
    )
  })
})
