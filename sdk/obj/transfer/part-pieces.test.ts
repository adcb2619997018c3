import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partPieces } from './part-pieces.ts'
import { PieceMemory } from './piece-memory.ts'

describe('a part of a segment', () => {
  it('needs the pieces that it lies in and no others', () => {
    const shape = fc.record({
      k: fc.integer({ min: 1, max: 20 }),
      pieceBytes: fc.integer({ min: 1, max: 64 }),
      ends: fc.tuple(fc.nat(), fc.nat())
    })
    fc.assert(
      fc.property(shape, ({ k, pieceBytes, ends }) => {
        const size = k * pieceBytes
        const [a, b] = ends.map(end => end % size)
        const [from, to] = [Math.min(a ?? 0, b ?? 0), Math.max(a ?? 0, b ?? 0) + 1]
        const expected = Array.from({ length: k }, (_, index) => index).filter(
          index => index * pieceBytes < to && (index + 1) * pieceBytes > from
        )
        const pieces = partPieces({ from, to }, k, pieceBytes)
        expect(pieces ? [...pieces] : Array.from({ length: k }, (_, index) => index)).toEqual(expected)
      })
    )
  })
})

describe('memory of pieces', () => {
  it('serves again, for pieces of the same length, and never grows beyond its bound', () => {
    const memory = new PieceMemory()
    const first = memory.take(1024)
    memory.give([first.buffer as ArrayBuffer])
    expect(memory.take(1024).buffer).toBe(first.buffer)
    memory.give([first.buffer as ArrayBuffer])
    expect(memory.take(512)).toHaveLength(512)
    const MIB = 1024 * 1024
    const many = Array.from({ length: 30 }, () => new ArrayBuffer(MIB))
    memory.give(many)
    const again = many.map(() => memory.take(MIB).buffer).filter(buffer => many.includes(buffer as ArrayBuffer))
    expect(again).toHaveLength(20)
    expect(new Set(again).size).toBe(20)
  })

  it('takes none that was given away meanwhile', () => {
    const memory = new PieceMemory()
    const { buffer } = memory.take(8)
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })
    memory.give([buffer as ArrayBuffer])
    expect(memory.take(8)).toHaveLength(8)
  })
})
