import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import chunkerVectors from '../../../test/vectors/chunker.json' with { type: 'json' }
import fieldVectors from '../../../test/vectors/gf256.json' with { type: 'json' }
import rlncVectors from '../../../test/vectors/rlnc.json' with { type: 'json' }
import { type RandomBytes, systemRandom } from '../../async/index.ts'
import { combineRows } from './combine-rows.ts'
import { gf256 } from './field.ts'
import {
  type CodedPiece,
  type CodingEngine,
  type CombineRequest,
  createDecoder,
  createEncoder,
  createRecoder,
  decodeChunk,
  encodeChunk,
  loadCodingEngine,
  segmentation,
  targetPieces
} from './index.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
/** The vectors' byte pattern. */
const pattern = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 131 + (i >> 8) * 17 + seed) & 0xff)

const engines: CodingEngine[] = await Promise.all(
  (['js', 'wasm-simd', 'wasm-relaxed-simd'] as const).map(engine => loadCodingEngine({ engine }))
)
const judge = engines[0] as CodingEngine

function sourcePieces(segment: Uint8Array, k: number, pieceBytes: number): CodedPiece[] {
  return Array.from({ length: k }, (_, index) => {
    const data = new Uint8Array(pieceBytes)
    data.set(segment.subarray(index * pieceBytes, (index + 1) * pieceBytes))
    const coefficients = new Uint8Array(k)
    coefficients[index] = 1
    return { coefficients, data }
  })
}

function encode(
  engine: CodingEngine,
  segment: Uint8Array,
  k: number,
  pieceBytes: number,
  count: number,
  random: RandomBytes = systemRandom
): CodedPiece[] {
  const encoder = createEncoder(engine, { k, pieceBytes }, random)
  for (const [index, piece] of sourcePieces(segment, k, pieceBytes).entries()) encoder.source(index).set(piece.data)
  const pieces = encoder.coded(count)
  encoder.release()
  return pieces
}

function decode(engine: CodingEngine, pieces: readonly CodedPiece[], k: number, pieceBytes: number): Uint8Array {
  const decoder = createDecoder(engine, { k, pieceBytes })
  for (const piece of pieces) decoder.add(piece)
  try {
    return decoder.decode()
  } finally {
    decoder.release()
  }
}

describe('the field', () => {
  it('has the product table, inverses and powers of the golden vectors', () => {
    const { multiply, inverse, exp } = gf256()
    const table = Uint8Array.from({ length: 65_536 }, (_, i) => multiply(i >> 8, i & 0xff))
    expect(sha256(table)).toBe(fieldVectors.mul_table_sha256_row_major_a_then_b)
    expect(sha256(Uint8Array.from({ length: 256 }, (_, a) => (a === 0 ? 0 : inverse(a))))).toBe(fieldVectors.inv_sha256)
    expect(toHex(exp.subarray(0, 255))).toBe(fieldVectors.exp_0_254)
  })
})

describe.each(engines.map(engine => [engine.name, engine] as const))('engine %s', (_, engine) => {
  it.each(rlncVectors.cases.map(vector => [vector.name, vector] as const))(
    'codes, decodes and recodes as the golden vector %s',
    (_, vector) => {
      const { k, piece_size: pieceBytes } = vector
      const segment = hex(vector.segment)
      const coded = vector.coded_pieces.map(piece => ({ coefficients: hex(piece.coefficients), data: hex(piece.data) }))
      const rows = Buffer.concat(coded.map(piece => piece.coefficients))
      const made = encode(engine, segment, k, pieceBytes, coded.length, () => Uint8Array.from(rows))
      expect(made.map(piece => toHex(piece.data))).toEqual(vector.coded_pieces.map(piece => piece.data))
      expect(toHex(decode(engine, coded.slice(0, k), k, pieceBytes).subarray(0, segment.length))).toBe(
        vector.decode_of_first_k_coded
      )
      if (vector.recode) {
        const recoder = createRecoder(engine, { k, pieceBytes }, () => hex(vector.recode?.alphas ?? ''))
        for (const piece of coded.slice(0, 2)) recoder.hold(piece)
        const piece = recoder.recode()
        recoder.release()
        expect({ coefficients: toHex(piece.coefficients), data: toHex(piece.data) }).toEqual({
          coefficients: vector.recode.output.coefficients,
          data: vector.recode.output.data
        })
      }
    }
  )

  it('codes a full segment of 40 pieces as the golden vector', () => {
    const segment = pattern(10_485_760, 7)
    expect(sha256(segment)).toBe(rlncVectors.full_segment.segment_sha256)
    const pieces = rlncVectors.full_segment.pieces
    const rows = hex(pieces.map(piece => piece.coefficients).join(''))
    const made = encode(engine, segment, 40, 262_144, pieces.length, () => rows)
    expect(made.map(piece => sha256(piece.data))).toEqual(pieces.map(piece => piece.data_sha256))
  })

  it('gives the same bytes as plain JavaScript for any shape, length and range', () => {
    fc.assert(
      fc.property(
        fc.record({
          k: fc.integer({ min: 1, max: 48 }),
          pieceBytes: fc.integer({ min: 1, max: 20_000 }),
          rows: fc.integer({ min: 1, max: 60 }),
          cut: fc.tuple(fc.nat(), fc.nat())
        }),
        ({ k, pieceBytes, rows, cut }) => {
          const source = systemRandom(k * pieceBytes)
          const coefficients = systemRandom(rows * k)
          const [from, to] = [cut[0] % (pieceBytes + 1), cut[1] % (pieceBytes + 1)].sort((a, b) => a - b) as [
            number,
            number
          ]
          const [expected, got] = [judge, engine].map(each => {
            const encoder = createEncoder(each, { k, pieceBytes }, systemRandom)
            for (let i = 0; i < k; i++) encoder.source(i).set(source.subarray(i * pieceBytes, (i + 1) * pieceBytes))
            // unaligned targets inside a larger buffer
            const outputs = Array.from({ length: rows }, () => new Uint8Array(pieceBytes + 3).subarray(3))
            encoder.combine(coefficients, outputs, from, to)
            encoder.release()
            return outputs.map(toHex)
          })
          expect(got).toEqual(expected)
        }
      ),
      { numRuns: 60 }
    )
  })

  it('decodes the input from any k independent pieces, in any order, and from a mix with source pieces', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 700 }),
        fc.nat({ max: 40 }),
        (k, pieceBytes, sources) => {
          const segment = systemRandom(k * pieceBytes)
          const pool = [
            ...sourcePieces(segment, k, pieceBytes).slice(0, Math.min(sources, k)),
            ...encode(engine, segment, k, pieceBytes, k + 4)
          ].reverse()
          const decoder = createDecoder(engine, { k, pieceBytes })
          let rank = 0
          for (const piece of pool) {
            const verdict = decoder.add(piece)
            expect(decoder.rank - rank).toBe(verdict === 'innovative' ? 1 : 0)
            rank = decoder.rank
            expect(decoder.add(piece)).toBe('redundant')
          }
          expect(decoder.complete).toBe(true)
          expect(toHex(decoder.decode())).toBe(toHex(segment))
          const from = segment.length >> 2
          const to = segment.length - (segment.length >> 3)
          expect(toHex(decoder.decode(from, to))).toBe(toHex(segment.subarray(from, to)))
          decoder.release()
        }
      ),
      { numRuns: 60 }
    )
  })

  it('keeps the span when recoding: recoded pieces alone rebuild what their makers held', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 24 }), fc.integer({ min: 1, max: 300 }), (k, pieceBytes) => {
        const segment = systemRandom(k * pieceBytes)
        const recoder = createRecoder(engine, { k, pieceBytes }, systemRandom, k + 2)
        for (const piece of encode(engine, segment, k, pieceBytes, k + 2)) recoder.hold(piece)
        expect(recoder.rank).toBeLessThanOrEqual(k)
        const decoder = createDecoder(engine, { k, pieceBytes })
        for (let i = 0; i < k + 8 && !decoder.complete; i++) decoder.add(recoder.recode())
        expect(decoder.rank).toBe(recoder.rank)
        if (decoder.complete) expect(toHex(decoder.decode())).toBe(toHex(segment))
        decoder.release()
        recoder.release()
      }),
      { numRuns: 40 }
    )
  })

  it('does no work for source pieces that are there', () => {
    const [k, pieceBytes] = [8, 64]
    const segment = systemRandom(k * pieceBytes)
    const workspaces: { combined: number }[] = []
    const counting: CodingEngine = {
      name: engine.name,
      workspace: shape => {
        const workspace = engine.workspace(shape)
        const counter = { combined: 0 }
        workspaces.push(counter)
        return new Proxy(workspace, {
          get: (target, key) => {
            const value: unknown = Reflect.get(target, key, target)
            if (key === 'combine')
              return (request: CombineRequest) => {
                counter.combined += request.outputs.length
                return target.combine(request)
              }
            return typeof value === 'function' ? value.bind(target) : value
          }
        })
      }
    }
    const sources = sourcePieces(segment, k, pieceBytes)
    expect(toHex(decode(counting, sources, k, pieceBytes))).toBe(toHex(segment))
    const spare = encode(engine, segment, k, pieceBytes, 2)
    expect(toHex(decode(counting, [...sources.slice(2), ...spare], k, pieceBytes))).toBe(toHex(segment))
    expect(workspaces.map(({ combined }) => combined)).toEqual([0, 2])
  })

  it('names dependent, zero, truncated and overlong pieces, and is unharmed by them', () => {
    const [k, pieceBytes] = [4, 32]
    const segment = systemRandom(k * pieceBytes)
    const pieces = encode(engine, segment, k, pieceBytes, k + 2)
    const decoder = createDecoder(engine, { k, pieceBytes })
    const [first, second] = pieces as [CodedPiece, CodedPiece]
    decoder.add(first)
    decoder.add(second)
    expect(decoder.add({ coefficients: new Uint8Array(k), data: new Uint8Array(pieceBytes) })).toBe('redundant')
    expect(
      decoder.add({
        coefficients: combineRows([first.coefficients, second.coefficients], hex('0709'), k),
        data: new Uint8Array(pieceBytes)
      })
    ).toBe('redundant')
    for (const bad of [
      { coefficients: first.coefficients.subarray(1), data: first.data },
      { coefficients: new Uint8Array(k + 1).fill(1), data: first.data },
      { coefficients: first.coefficients, data: first.data.subarray(1) },
      { coefficients: first.coefficients, data: new Uint8Array(pieceBytes + 1) }
    ])
      expect(() => decoder.add(bad)).toThrow(expect.objectContaining({ code: 'malformed' }))
    expect(() => decoder.decode()).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    for (const piece of pieces) decoder.add(piece)
    expect(toHex(decoder.decode())).toBe(toHex(segment))
    decoder.release()
    expect(() => decoder.decode()).toThrow()
  })
})

describe('coefficients', () => {
  /** P(singular) = 1 - prod(1 - 256^-i) = 0.00392: 3,000 trials give 11.8 on average, and more than 30 once in a million runs. */
  const TRIALS = 3_000
  const MOST_SINGULAR = 30

  /** Of so many random 40 x 40 matrices, how many are singular. */
  const singular = (random: RandomBytes, trials: number): number => {
    let count = 0
    for (let trial = 0; trial < trials; trial++) {
      const workspace = (engines[1] as CodingEngine).workspace({ slots: 1, pieceBytes: 1, k: 40 })
      const rows = random(1_600)
      for (let row = 0; row < 40; row++) workspace.addRow(rows.subarray(row * 40, row * 40 + 40))
      if (workspace.rank < 40) count++
      workspace.release()
    }
    return count
  }

  it('of the default generator are singular about as often as theory says (1 in 254), not more', () => {
    const count = singular(systemRandom, TRIALS)
    expect(count).toBeLessThanOrEqual(MOST_SINGULAR)
    expect(count).toBeGreaterThan(0)
  })

  it('of a weak generator are singular far more often: the check above finds it', () => {
    let state = 0x9e3779b9
    const xorshift: RandomBytes = length =>
      Uint8Array.from({ length }, () => {
        state ^= state << 13
        state ^= state >>> 17
        state ^= state << 5
        return state & 0xff
      })
    expect(singular(xorshift, 100)).toBeGreaterThan(MOST_SINGULAR)
  })
})

describe('segmentation', () => {
  it('cuts as the golden vectors do', () => {
    for (const [bytes, k] of rlncVectors.config.k_for_segment as [number, number][])
      expect(segmentation(bytes).segment(0).k).toBe(k)
    expect(segmentation(10_485_761).segment(1)).toEqual({ index: 1, offset: 10_485_760, bytes: 1, k: 1 })
    expect(segmentation(0).count).toBe(0)
    expect([1, 4, 22, 39, 40].map(targetPieces)).toEqual([18, 24, 61, 94, 96])
  })

  it('refuses shapes that cannot be coded, saying why', () => {
    expect(() => segmentation(1, { pieceBytes: 1_000, segmentBytes: 128_001 })).toThrow(/at most 128/)
    for (const size of [-1, 1.5, Number.NaN, 2 ** 53])
      expect(() => segmentation(size)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})

describe('Reed-Solomon 3+2', () => {
  it.each(chunkerVectors.cases.map(vector => [vector.len, vector] as const))(
    'makes the golden shards of %i bytes',
    (length, vector) => {
      const data = pattern(length, 5)
      for (const { index, shards_sha256 } of vector.chunks)
        expect(encodeChunk(data.subarray(index * 18_432, (index + 1) * 18_432)).map(sha256)).toEqual(shards_sha256)
    }
  )

  it('rebuilds a chunk from any three of its five shards', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 18_432 }), chunk => {
        const shards = encodeChunk(chunk)
        for (let a = 0; a < 5; a++)
          for (let b = a + 1; b < 5; b++) {
            const left = shards.map((shard, index) => (index === a || index === b ? undefined : shard))
            expect(decodeChunk(left).subarray(0, chunk.length)).toEqual(chunk)
          }
      }),
      { numRuns: 20 }
    )
    expect(() => decodeChunk([undefined, undefined, undefined, hex('00'), hex('00')])).toThrow(
      expect.objectContaining({ code: 'malformed' })
    )
    expect(() => decodeChunk([hex('00'), hex('0000'), hex('00')])).toThrow(
      expect.objectContaining({ code: 'malformed' })
    )
  })
})
