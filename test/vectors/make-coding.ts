/** Writes coding.json: `node test/vectors/make-coding.ts`. The bytes come from the engine in plain JavaScript. */
import { writeFileSync } from 'node:fs'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
// The tables are inside: applications have no use for them, other implementations do.
import { gf256 } from '../../sdk/obj/coding/field.ts'
import {
  type CodedPiece,
  type CodingEngine,
  createDecoder,
  createEncoder,
  createJsEngine,
  createRecoder,
  decodeChunk,
  encodeChunk,
  segmentation,
  targetPieces
} from '../../sdk/obj/index.ts'
import { seededRandom } from './seeded-random.ts'

export type CodingVectors = ReturnType<typeof makeCodingVectors>

/** Shapes at which implementations break: one piece, odd lengths, a last piece that is not full, more pieces than a vector is wide. */
const GENERATIONS = [
  { name: 'one piece', k: 1, pieceBytes: 5, segmentBytes: 5, count: 2 },
  { name: 'one byte in a piece', k: 3, pieceBytes: 1, segmentBytes: 3, count: 4 },
  { name: 'last piece short', k: 4, pieceBytes: 100, segmentBytes: 333, count: 7 },
  { name: 'one byte over a column', k: 17, pieceBytes: 65, segmentBytes: 1105, count: 20 },
  { name: 'as a full segment', k: 40, pieceBytes: 64, segmentBytes: 2560, count: 44 },
  { name: 'the most pieces', k: 128, pieceBytes: 3, segmentBytes: 384, count: 128 }
] as const
const SEGMENTATIONS = [
  {
    pieceBytes: 262_144,
    segmentBytes: 10_485_760,
    sizes: [0, 1, 262_144, 262_145, 10_485_760, 10_485_761, 31_457_279]
  },
  { pieceBytes: 100, segmentBytes: 450, sizes: [1, 100, 449, 450, 451, 1000] }
]
const CHUNK_LENGTHS = [1, 2, 3, 4, 100, 1024]

export function makeCodingVectors(engine: CodingEngine) {
  return {
    $schema: './coding.schema.json',
    field: fieldVectors(),
    generations: GENERATIONS.map(shape => generationVector(engine, shape)),
    segmentation: SEGMENTATIONS.flatMap(({ sizes, ...options }) =>
      sizes.map(size => segmentationVector(size, options))
    ),
    targetPieces: Array.from({ length: 128 }, (_, index) => targetPieces(index + 1)),
    reedSolomon: CHUNK_LENGTHS.map(chunkVector)
  }
}

function fieldVectors() {
  const { exp, log, multiply, inverse } = gf256()
  return {
    polynomial: 0x11d,
    generator: 2,
    exp: bytesToHex(exp.subarray(0, 255)),
    log: bytesToHex(log.subarray(1)),
    inverses: bytesToHex(Uint8Array.from({ length: 255 }, (_, index) => inverse(index + 1))),
    productsSha256: bytesToHex(sha256(Uint8Array.from({ length: 65_536 }, (_, i) => multiply(i >> 8, i & 255))))
  }
}

function generationVector(engine: CodingEngine, shape: (typeof GENERATIONS)[number]) {
  const { name, k, pieceBytes, segmentBytes, count } = shape
  const random = seededRandom(`coding vector ${name}`)
  const segment = random(segmentBytes)
  const encoder = createEncoder(engine, { k, pieceBytes }, random, segment)
  const coded = encoder.coded(count)
  const source = Array.from({ length: k }, (_, index) => {
    const { coefficients, data } = encoder.systematic(index)
    return { coefficients, data: data.slice() }
  })
  encoder.release()
  return {
    name,
    k,
    pieceBytes,
    segment: bytesToHex(segment),
    coded: coded.map(hexPiece),
    recoded: recoded(engine, coded, random),
    decoded: [
      decoded(engine, segmentBytes, [...coded, ...source]),
      decoded(engine, segmentBytes, mixed(engine, source, coded, random))
    ]
  }
}

/** Every second source piece; then what adds nothing: one again, a zero piece, a recoded one of both; then what is missing. */
function mixed(
  engine: CodingEngine,
  source: readonly CodedPiece[],
  coded: readonly CodedPiece[],
  random: (n: number) => Uint8Array
): CodedPiece[] {
  const half = source.filter((_, index) => index % 2 === 0)
  const [first] = half
  if (first === undefined) throw new Error('a generation without pieces')
  const zero = { coefficients: new Uint8Array(first.coefficients.length), data: new Uint8Array(first.data.length) }
  return [...half, first, zero, recode(engine, [first, half.at(-1) ?? first], random), ...coded, ...source]
}

function recoded(engine: CodingEngine, coded: readonly CodedPiece[], random: (n: number) => Uint8Array) {
  return [2, 3, 8]
    .filter(held => held <= coded.length)
    .map(held => {
      let scalars = new Uint8Array(0)
      const piece = recode(engine, coded.slice(0, held), length => {
        scalars = random(length).map(scalar => scalar || 1)
        return scalars.slice()
      })
      return { held, scalars: bytesToHex(scalars), ...hexPiece(piece) }
    })
}

function recode(engine: CodingEngine, pieces: readonly CodedPiece[], random: (n: number) => Uint8Array): CodedPiece {
  const [{ coefficients, data } = { coefficients: [], data: [] }] = pieces
  const recoder = createRecoder(
    engine,
    { k: coefficients.length, pieceBytes: data.length },
    random,
    Math.max(2, pieces.length)
  )
  for (const piece of pieces) recoder.hold(piece)
  const piece = recoder.recode()
  recoder.release()
  return piece
}

/** Pieces are given in order until the decoder is complete; the bytes asked for are the middle of the segment. */
function decoded(engine: CodingEngine, segmentBytes: number, pieces: readonly CodedPiece[]) {
  const [{ coefficients, data } = { coefficients: [], data: [] }] = pieces
  const decoder = createDecoder(engine, { k: coefficients.length, pieceBytes: data.length })
  const given: { coefficients: string; data: string; verdict: string; rank: number }[] = []
  for (const piece of pieces) {
    if (decoder.complete) break
    const verdict = decoder.add(piece)
    given.push({ ...hexPiece(piece), verdict, rank: decoder.rank })
  }
  const [from, to] = [Math.floor(segmentBytes / 4), Math.ceil((segmentBytes * 3) / 4)]
  const result = {
    pieces: given,
    segment: bytesToHex(decoder.decode(0, segmentBytes)),
    from,
    to,
    range: bytesToHex(decoder.decode(from, to))
  }
  decoder.release()
  return result
}

function segmentationVector(
  sizeBytes: number,
  options: { readonly pieceBytes: number; readonly segmentBytes: number }
) {
  const { count, segment } = segmentation(sizeBytes, options)
  return { sizeBytes, ...options, segments: Array.from({ length: count }, (_, index) => segment(index)) }
}

function chunkVector(length: number) {
  const chunk = seededRandom(`chunk vector ${length}`)(length)
  const shards = encodeChunk(chunk)
  const rebuilt = [0, 1, 2, 3].flatMap(a =>
    [1, 2, 3, 4]
      .filter(b => b > a)
      .map(b => ({
        lost: [a, b],
        data: bytesToHex(decodeChunk(shards.map((shard, index) => (index === a || index === b ? undefined : shard))))
      }))
  )
  return { chunk: bytesToHex(chunk), shards: shards.map(shard => bytesToHex(shard)), rebuilt }
}

function hexPiece({ coefficients, data }: CodedPiece): { coefficients: string; data: string } {
  return { coefficients: bytesToHex(coefficients), data: bytesToHex(data) }
}

if (import.meta.main)
  writeFileSync(
    new URL('./coding.json', import.meta.url),
    `${JSON.stringify(makeCodingVectors(createJsEngine()), null, 1)}\n`
  )
