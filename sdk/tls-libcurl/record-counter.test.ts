import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RecordCounter } from './record-counter.ts'

it('counts complete records wherever the chunks end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(600), { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }),
      (lengths, sizes) => {
        const records = lengths.map(length =>
          Uint8Array.of(23, 3, 3, length >> 8, length & 0xff, ...new Uint8Array(length))
        )
        const all = Uint8Array.from(records.flatMap(record => [...record]))
        const ends = lengths.map((_, index) => records.slice(0, index + 1).reduce((sum, { length }) => sum + length, 0))
        const counter = new RecordCounter()
        for (let at = 0, round = 0; at < all.length; round++) {
          const size = sizes[round % sizes.length] ?? 1
          counter.push(all.subarray(at, at + size))
          at += size
          expect(counter.complete).toBe(ends.filter(end => end <= at).length)
        }
      }
    )
  )
})
