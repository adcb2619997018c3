import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ContentRow, decodeContentRow, encodeContentRow } from './content-row.ts'
import { changeLedger, decodeLedger, EMPTY_LEDGER, encodeLedger, type Ledger } from './ledger-row.ts'
import { decodeSegmentRow, encodeSegmentRow, type PlacedPiece } from './segment-row.ts'

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
const u32 = fc.integer({ min: 0, max: 0xffff_fffe })
const safe = fc.maxSafeNat()
const label = fc.record({
  name: fc.string({ unit: 'grapheme', maxLength: 50 }),
  type: fc.string({ maxLength: 20 })
})

const contentRow: fc.Arbitrary<ContentRow> = fc
  .record({
    home: safe,
    contentId: bytes(32),
    pieceBytes: u32,
    segments: u32,
    size: safe,
    addedAt: safe,
    usedAt: safe,
    pieces: u32,
    pinned: fc.boolean(),
    peer: fc.option(fc.string({ minLength: 1, maxLength: 30 }), { nil: undefined }),
    label: fc.option(label, { nil: undefined })
  })
  .map(({ peer, label, ...row }) => ({
    ...row,
    origin: peer === undefined ? ('own' as const) : ('peer' as const),
    ...(peer === undefined ? {} : { peer }),
    ...(label === undefined ? {} : { label })
  }))

const placedPiece: fc.Arbitrary<PlacedPiece> = fc.record({
  record: fc.record({
    id: bytes(32),
    root: bytes(32),
    coefficients: fc.uint8Array({ minLength: 1, maxLength: 128 }),
    provenance: fc.uint8Array({ maxLength: 400 })
  }),
  slot: fc.option(u32, { nil: undefined })
})

const ledger: fc.Arbitrary<Ledger> = fc.record({
  bytes: safe,
  peersBytes: safe,
  contents: u32,
  pieces: safe,
  nextHome: safe,
  recent: fc.array(
    fc.record({
      manifest: fc.stringMatching(/^[0-9a-f]{64}$/),
      segment: u32,
      count: fc.integer({ min: 0, max: 0xffff }),
      bytes: u32
    }),
    { maxLength: 32 }
  )
})

describe('rows of the index', () => {
  it('of content, segments and the ledger come back as they were', () => {
    fc.assert(fc.property(contentRow, row => void expect(decodeContentRow(encodeContentRow(row))).toEqual(row)))
    fc.assert(
      fc.property(
        fc.array(placedPiece, { maxLength: 20 }),
        pieces => void expect(decodeSegmentRow(encodeSegmentRow(pieces))).toEqual(pieces)
      )
    )
    fc.assert(fc.property(ledger, row => void expect(decodeLedger(encodeLedger(row))).toEqual(row)))
  })

  it('that are cut, longer, or of a later version are refused as malformed', () => {
    const malformed = (decode: (row: Uint8Array) => unknown, row: Uint8Array): void => {
      for (const wrong of [row.slice(0, -1), Uint8Array.of(...row, 0), row.map((byte, at) => (at === 0 ? 2 : byte))])
        expect(() => decode(wrong)).toThrow(expect.objectContaining({ code: 'malformed' }))
    }
    fc.assert(
      fc.property(contentRow, row => malformed(decodeContentRow, encodeContentRow(row))),
      { numRuns: 20 }
    )
    fc.assert(
      fc.property(fc.array(placedPiece, { maxLength: 3 }), pieces =>
        malformed(decodeSegmentRow, encodeSegmentRow(pieces))
      ),
      { numRuns: 20 }
    )
    fc.assert(
      fc.property(ledger, row => malformed(decodeLedger, encodeLedger(row))),
      { numRuns: 20 }
    )
  })

  it('of arbitrary bytes decode or are malformed, nothing else', () => {
    for (const decode of [decodeContentRow, decodeSegmentRow, decodeLedger])
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), row => {
          try {
            decode(Uint8Array.of(1, ...row))
          } catch (error) {
            expect(error).toMatchObject({ code: 'malformed' })
          }
        })
      )
  })
})

describe('the ledger', () => {
  it('remembers the puts of the last 32 MiB, at most 32 of them, and at least one', () => {
    const put = (segment: number, bytes: number) => ({ manifest: '00'.repeat(32), segment, count: 1, bytes })
    let small = EMPTY_LEDGER
    for (let segment = 0; segment < 100; segment++) small = changeLedger(small, { put: put(segment, 1_000) })
    expect(small.recent.map(({ segment }) => segment)).toEqual(Array.from({ length: 32 }, (_, back) => 99 - back))
    let large = EMPTY_LEDGER
    for (let segment = 0; segment < 9; segment++) large = changeLedger(large, { put: put(segment, 10_485_760) })
    expect(large.recent.map(({ segment }) => segment)).toEqual([8, 7, 6])
    const huge = changeLedger(large, { put: put(9, 100_000_000) })
    expect(huge.recent.map(({ segment }) => segment)).toEqual([9])
  })
})
