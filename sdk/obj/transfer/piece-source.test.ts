import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDecoder, createJsEngine, unitVector } from '../coding/index.ts'
import { encodeProvenance } from '../piece/index.ts'
import type { PieceRecord } from '../store/index.ts'
import { IndexSet } from './index-set.ts'
import { choosePieces, segmentHoldings } from './piece-source.ts'

const K = 6
const id = (fill: number) => new Uint8Array(32).fill(fill)
const committed = (index: number): PieceRecord => ({
  id: id(index),
  coefficients: unitVector(K, index),
  root: id(index),
  provenance: encodeProvenance({ kind: 'committed', index, path: new Uint8Array(0) })
})
const recoded = (coefficients: Uint8Array): PieceRecord => ({
  id: id(99),
  coefficients,
  root: id(0),
  provenance: encodeProvenance({ kind: 'recoded', recoder: id(1), signature: new Uint8Array(64) })
})
const want = (indices: readonly number[], count: number, rows: readonly Uint8Array[] = []) => ({
  manifestId: id(0),
  segment: 0,
  committed: IndexSet.of(...indices),
  recoded: count,
  fresh: 0,
  rows
})

describe('what a holder answers a want with', () => {
  it('is the committed pieces that were named, as far as they are here', () => {
    const held = [committed(0), committed(2), committed(4)]
    expect(choosePieces(held, want([2, 3, 4], 0))).toEqual([committed(2), committed(4)])
  })

  it('is no recoded piece that the asker could make itself', () => {
    const scalar = fc.integer({ min: 0, max: 255 })
    const row = fc
      .array(scalar, { minLength: K, maxLength: K })
      .map(scalars => Uint8Array.from(scalars))
      .filter(coefficients => coefficients.some(value => value !== 0))
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 8 }),
        fc.array(row, { maxLength: 6 }),
        fc.integer({ min: 1, max: 6 }),
        (held, rows, count) => {
          const chosen = choosePieces(held.map(recoded), want([], count, rows))
          expect(chosen.length).toBeLessThanOrEqual(count)
          const rank = (list: readonly Uint8Array[]): number => {
            const span = createDecoder(createJsEngine(), { k: K, pieceBytes: 1 })
            for (const coefficients of list) span.commit(coefficients)
            return span.rank
          }
          const before = rank(rows)
          expect(rank([...rows, ...chosen.map(({ coefficients }) => coefficients)])).toBe(before + chosen.length)
          // and it held nothing back
          expect(chosen.length).toBe(Math.min(count, rank([...rows, ...held]) - before))
        }
      ),
      { numRuns: 150 }
    )
  })

  it('is nothing for rows of another length', () => {
    const piece = recoded(Uint8Array.of(1, 2, 3, 4, 5, 6))
    expect(choosePieces([piece], want([], 1, [Uint8Array.of(1, 2)]))).toEqual([piece])
  })
})

describe('what a holder says it has', () => {
  it('names committed pieces and counts recoded ones', async () => {
    const held = [committed(1), recoded(unitVector(K, 0)), committed(5)]
    const holdings = await segmentHoldings({ pieces: async () => held }, id(0), 0)
    expect([[...holdings.committed], holdings.recoded]).toEqual([[1, 5], 1])
  })
})
