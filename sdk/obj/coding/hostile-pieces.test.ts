import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import { systemRandom } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import {
  type CodedPiece,
  createDecoder,
  createEncoder,
  createRecoder,
  type DecodeJob,
  decodeSegment,
  type EncodeJob,
  encodeSegment,
  loadCodingEngine
} from './index.ts'

const INPUTS = 10_000
const [K, PIECE_BYTES] = [8, 96]
const SEGMENT = systemRandom(K * PIECE_BYTES)
/** What a broken or lying caller may hand over in place of bytes. */
const NO_BYTES: readonly unknown[] = [
  undefined,
  null,
  0,
  '',
  'x'.repeat(K),
  [],
  {},
  new Uint16Array(K),
  new ArrayBuffer(K)
]

const engines = await Promise.all(
  (['js', 'wasm-simd', 'wasm-relaxed-simd'] as const).map(
    async engine => [engine, await loadCodingEngine({ engine })] as const
  )
)

describe.each(engines)('a decoder on engine %s', (_, engine) => {
  it(`answers ${INPUTS} hostile pieces by name, in bounded memory, and still decodes`, () => {
    const random = seededRandom('hostile pieces')
    const pick = (limit: number): number => new DataView(random(4).buffer).getUint32(0) % limit
    const encoder = createEncoder(engine, { k: K, pieceBytes: PIECE_BYTES }, systemRandom, SEGMENT)
    const good = encoder.coded(4 * K)
    encoder.release()
    const hostile: readonly (() => unknown)[] = [
      () => ({ coefficients: random(pick(3 * K)), data: random(pick(2 * PIECE_BYTES)) }),
      () => ({ coefficients: new Uint8Array(K), data: random(PIECE_BYTES) }),
      () => ({ coefficients: NO_BYTES[pick(NO_BYTES.length)], data: random(PIECE_BYTES) }),
      () => ({ coefficients: random(K), data: NO_BYTES[pick(NO_BYTES.length)] }),
      () => NO_BYTES[pick(NO_BYTES.length)],
      () => ({ coefficients: random(K).subarray(pick(K)), data: random(PIECE_BYTES) }),
      () => good[pick(K - 2)]
    ]
    const decoder = createDecoder(engine, { k: K, pieceBytes: PIECE_BYTES })
    for (const piece of good.slice(0, K - 2)) decoder.add(piece)
    const memoryBytes = decoder.slot().buffer.byteLength
    const rank = decoder.rank
    const counts = { malformed: 0, redundant: 0 }
    for (let input = 0; input < INPUTS; input++) {
      const piece = hostile[input % hostile.length]?.() as CodedPiece
      // An independent row of the right shape cannot be told from an honest one here: that is what piece tags are for.
      if (piece?.coefficients instanceof Uint8Array && piece.coefficients.length === K)
        piece.coefficients.set(good[0]?.coefficients ?? [])
      try {
        expect(decoder.add(piece)).toBe('redundant')
        counts.redundant++
      } catch (error) {
        expect(error).toBeInstanceOf(CraftecError)
        expect((error as CraftecError).code).toBe('malformed')
        counts.malformed++
      }
    }
    expect(counts.malformed).toBeGreaterThan(INPUTS / 3)
    expect(counts.redundant).toBeGreaterThan(INPUTS / 10)
    expect(decoder.rank).toBe(rank)
    expect(decoder.slot().buffer.byteLength).toBe(memoryBytes)
    for (const piece of good.slice(K)) if (!decoder.complete) decoder.add(piece)
    expect(Buffer.compare(decoder.decode(), SEGMENT)).toBe(0)
    decoder.release()
  })

  it('takes pieces that were received straight into its memory', () => {
    const encoder = createEncoder(engine, { k: K, pieceBytes: PIECE_BYTES }, systemRandom, SEGMENT)
    const decoder = createDecoder(engine, { k: K, pieceBytes: PIECE_BYTES })
    const pieces = [encoder.systematic(3), ...encoder.coded(K + 2)]
    for (const { coefficients, data } of pieces) {
      if (decoder.complete) break
      for (const repeat of ['innovative', 'redundant']) {
        if (decoder.complete) break
        decoder.slot().set(data)
        expect(decoder.commit(coefficients)).toBe(repeat)
      }
    }
    expect(decoder.systematic).toBe(1)
    expect(Buffer.compare(decoder.decode(), SEGMENT)).toBe(0)
    expect(() => decoder.slot()).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    expect(() => decoder.commit(new Uint8Array(K - 1))).toThrow(expect.objectContaining({ code: 'malformed' }))
    encoder.release()
    decoder.release()
  })

  it('refuses ranges and targets that do not fit', () => {
    const decoder = createDecoder(engine, { k: 1, pieceBytes: 4 })
    decoder.add({ coefficients: Uint8Array.of(1), data: Uint8Array.of(1, 2, 3, 4) })
    for (const [from, to] of [
      [-1, 2],
      [0, 5],
      [3, 2],
      [Number.NaN, 2],
      [0, Number.NaN],
      [0.5, 2]
    ] as const) {
      expect(() => decoder.decode(from, to)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
      expect(() => decoder.decodeColumns(from, to, new Uint8Array(4))).toThrow(
        expect.objectContaining({ code: 'invalid-argument' })
      )
    }
    expect(() => decoder.decode(0, 4, new Uint8Array(3))).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    decoder.release()
  })

  it('refuses recoders that would hold too much, and targets of another size', () => {
    const generation = { k: 2, pieceBytes: 4 }
    for (const held of [0, 1, 257, 2.5, Number.NaN])
      expect(() => createRecoder(engine, generation, systemRandom, held)).toThrow(
        expect.objectContaining({ code: 'invalid-argument' })
      )
    const recoder = createRecoder(engine, generation, systemRandom)
    const piece = { coefficients: Uint8Array.of(1, 2), data: Uint8Array.of(1, 2, 3, 4) }
    expect(recoder.hold(piece)).toBe('innovative')
    expect(() => recoder.recode()).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    expect(recoder.hold(piece)).toBe('redundant')
    expect(() => recoder.hold(piece)).toThrow(expect.objectContaining({ code: 'limit-exceeded' }))
    expect(() => recoder.recode(new Uint8Array(3))).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    const into = new Uint8Array(4)
    expect(recoder.recode(into).data).toBe(into)
    recoder.release()
  })
})

describe.each(engines)('jobs on engine %s', (_, engine) => {
  const JOBS = 10_000
  /** Numbers at the bounds, beyond them, and none. */
  const NUMBERS: readonly unknown[] = [
    0,
    1,
    2,
    K,
    128,
    129,
    -1,
    1.5,
    Number.NaN,
    2 ** 32,
    Infinity,
    '8',
    null,
    undefined
  ]

  it(`answers ${JOBS} hostile jobs to decode with a typed error or the right bytes, in bounded memory`, {
    timeout: 120_000
  }, async () => {
    const random = seededRandom('hostile jobs')
    const pick = (limit: number): number => new DataView(random(4).buffer).getUint32(0) % limit
    const one = <T>(list: readonly T[]): T => list[pick(list.length)] as T
    const encoder = createEncoder(engine, { k: K, pieceBytes: PIECE_BYTES }, systemRandom, SEGMENT)
    const good = encoder.coded(K + 4)
    encoder.release()
    const hostilePieces = (): unknown =>
      one<() => unknown>([
        () => one(NO_BYTES),
        () => [],
        () => good.slice(pick(K)),
        () => Array.from({ length: 2 * K }, () => one(good)),
        () => [...good.slice(0, K - 1), one(NO_BYTES)],
        () =>
          Array.from({ length: K }, () => ({ coefficients: random(pick(2 * K)), data: random(pick(2 * PIECE_BYTES)) })),
        () => ({ length: 2 ** 31 })
      ])()
    const counts = { decoded: 0, refused: 0 }
    for (let job = 0; job < JOBS; job++) {
      const honest = { k: K, pieceBytes: PIECE_BYTES, sizeBytes: SEGMENT.length, pieces: good as unknown }
      // one or two parts of each job are not as they should be
      for (let change = pick(3); change >= 0; change--) {
        const part = pick(5)
        if (part === 0) Object.assign(honest, { k: one(NUMBERS) })
        else if (part === 1) Object.assign(honest, { pieceBytes: one([...NUMBERS, PIECE_BYTES - 1, PIECE_BYTES + 1]) })
        else if (part === 2) Object.assign(honest, { sizeBytes: one([...NUMBERS, SEGMENT.length, SEGMENT.length + 1]) })
        else if (part === 3) Object.assign(honest, { into: one([...NO_BYTES, new Uint8Array(SEGMENT.length)]) })
        else honest.pieces = hostilePieces()
      }
      try {
        const bytes = await decodeSegment(engine, honest as DecodeJob)
        expect(Buffer.compare(bytes, SEGMENT.subarray(0, honest.sizeBytes))).toBe(0)
        counts.decoded++
      } catch (error) {
        if (!(error instanceof CraftecError)) throw error
        expect(['invalid-argument', 'malformed']).toContain(error.code)
        counts.refused++
      }
    }
    expect(counts.decoded).toBeGreaterThan(JOBS / 100)
    expect(counts.refused).toBeGreaterThan(JOBS / 2)
    // What was taken for them is given back: a workspace is as large as for one honest job.
    const workspace = engine.workspace({ slots: K, pieceBytes: PIECE_BYTES, k: K })
    expect(workspace.slot(0).buffer.byteLength).toBeLessThan(4 * 1024 * 1024)
    workspace.release()
  })

  it('refuses jobs to encode of another shape with a typed error', async () => {
    const honest = { source: SEGMENT, k: K, pieceBytes: PIECE_BYTES, count: 2 }
    const changes = [
      ...NO_BYTES.map(source => ({ source })),
      ...NO_BYTES.filter(into => into !== undefined).map(into => ({ into })),
      ...[0, 257, 1.5, Number.NaN, '2', null].map(count => ({ count })),
      ...[0, 129, Number.NaN, '8'].map(k => ({ k })),
      { source: new Uint8Array(0) },
      { source: new Uint8Array(SEGMENT.length + 1) }
    ]
    for (const change of changes)
      await expect(encodeSegment(engine, { ...honest, ...change } as EncodeJob, systemRandom)).rejects.toMatchObject({
        name: 'CraftecError',
        code: 'invalid-argument'
      })
  })
})
