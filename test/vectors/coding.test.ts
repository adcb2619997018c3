import { hexToBytes } from '@noble/hashes/utils.js'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { createDecoder, createEncoder, loadCodingEngine, segmentation } from '../../sdk/obj/index.ts'
import vectors from './coding.json' with { type: 'json' }
import schema from './coding.schema.json' with { type: 'json' }
import { makeCodingVectors } from './make-coding.ts'
import golden from './segmenter.json' with { type: 'json' }

const engines = await Promise.all(
  (['js', 'wasm-simd', 'wasm-relaxed-simd'] as const).map(
    async engine => [engine, await loadCodingEngine({ engine })] as const
  )
)

/** The field by its definition, without a table: shift, and reduce by x^8 + x^4 + x^3 + x^2 + 1. */
function multiply(a: number, b: number): number {
  let product = 0
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ (product & 0x80 ? 0x11d : 0)
    if ((b >> bit) & 1) product ^= a
  }
  return product
}

describe('the coding vectors', () => {
  it('fit their schema', () => {
    const validate = new Ajv({ strict: true, strictTypes: true, allErrors: true }).compile(schema)
    validate(vectors)
    expect(validate.errors).toBeNull()
    expect(validate({ ...vectors, targetPieces: [] })).toBe(false)
  })

  it('are the sums that the field defines', () => {
    for (const { k, pieceBytes, segment, coded } of vectors.generations) {
      const source = new Uint8Array(k * pieceBytes)
      source.set(hexToBytes(segment))
      for (const { coefficients, data } of coded.map(piece => ({
        coefficients: hexToBytes(piece.coefficients),
        data: hexToBytes(piece.data)
      }))) {
        const sum = new Uint8Array(pieceBytes)
        for (const [row, scalar] of coefficients.entries())
          for (let i = 0; i < pieceBytes; i++)
            sum[i] = (sum[i] as number) ^ multiply(scalar, source[row * pieceBytes + i] as number)
        expect(sum).toEqual(data)
      }
    }
  })

  it('decode to the segment that they were made of, past pieces that add nothing', () => {
    const verdicts = new Set<string>()
    for (const { segment, decoded } of vectors.generations)
      for (const { pieces, segment: result, from, to, range } of decoded) {
        expect(result).toBe(segment)
        expect(range).toBe(segment.slice(2 * from, 2 * to))
        for (const { verdict } of pieces) verdicts.add(verdict)
      }
    expect(verdicts).toEqual(new Set(['innovative', 'redundant']))
  })
})

describe.each(engines)('engine %s', (_, engine) => {
  it('makes the coding vectors, byte for byte', () => {
    expect(makeCodingVectors(engine)).toEqual(vectors)
  })

  it('cuts, codes and decodes as the segmenter of the reference', () => {
    const options = { pieceBytes: golden.config.piece_size, segmentBytes: golden.config.segment_size }
    const { pieceBytes } = options
    for (const { data, segments } of golden.cases) {
      const content = hexToBytes(data)
      const cut = segmentation(content.length, options)
      expect(segments.map(({ index, k }) => ({ index, k }))).toEqual(
        Array.from({ length: cut.count }, (_, index) => ({ index, k: cut.segment(index).k }))
      )
      for (const { index, k, pieces } of segments) {
        const { offset, bytes } = cut.segment(index)
        const segment = content.subarray(offset, offset + bytes)
        const encoder = createEncoder(engine, { k, pieceBytes }, () => rows.slice(), segment)
        const rows = hexToBytes(pieces.map(piece => piece.coefficients).join(''))
        const made = encoder.coded(pieces.length)
        encoder.release()
        const decoder = createDecoder(engine, { k, pieceBytes })
        for (const [row, piece] of made.entries()) {
          expect(piece.data).toEqual(hexToBytes(pieces[row]?.data ?? ''))
          decoder.add(piece)
        }
        expect(decoder.decode(0, bytes)).toEqual(segment)
        decoder.release()
      }
    }
  })
})
