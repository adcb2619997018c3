import { ByteReader, ByteWriter } from '../../codec/index.ts'
import { MAX_SOURCE_PIECES } from '../coding/index.ts'
import { HASH_BYTES, type HashEngine, LEAF_BYTES, merklePath } from '../hashing/index.ts'
import { type ProvenLeaf, readLeaf, writeLeaf } from '../integrity/index.ts'
import { encodeProvenance, type PieceHeader, readProvenance } from '../piece/index.ts'
import { type Challenge, MAX_SAMPLES, sampledLeaves } from './challenge.ts'

/** The longest there is: k = 128, 32 leaves of 1 KiB with paths of 12 hashes, in pieces of 4 MiB. */
export const MAX_ANSWER_BYTES = 48 * 1024

export interface Answer {
  readonly header: PieceHeader
  /** One a sample, in their order. */
  readonly leaves: readonly ProvenLeaf[]
}

/** What an honest holder says. @param data the piece's */
export function answerChallenge(
  hashing: HashEngine,
  challenge: Challenge,
  header: PieceHeader,
  data: Uint8Array
): Uint8Array {
  const hashes = hashing.leafHashes(data)
  const leaves = sampledLeaves(challenge, data.length).map(index => ({
    bytes: data.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES),
    path: merklePath(hashing, hashes, index)
  }))
  return encodeAnswer({ header, leaves })
}

export function encodeAnswer({ header, leaves }: Answer): Uint8Array {
  const { coefficients, root, provenance } = header
  const writer = new ByteWriter(2048 * (1 + leaves.length))
    .u8(coefficients.length)
    .bytes(coefficients)
    .bytes(root)
    .bytes(provenance)
  for (const leaf of leaves) writeLeaf(writer, leaf)
  return writer.finish()
}

/** @param samples as asked for @throws CraftecError `malformed` */
export function decodeAnswer(input: Uint8Array, samples: number): Answer {
  const reader = new ByteReader(input, 'audit answer')
  if (input.length > MAX_ANSWER_BYTES) throw reader.malformed(`${input.length} bytes`)
  const k = reader.u8()
  if (k < 1 || k > MAX_SOURCE_PIECES) throw reader.malformed(`${k} coefficients`)
  const coefficients = reader.bytes(k).slice()
  const root = reader.bytes(HASH_BYTES).slice()
  const provenance = encodeProvenance(readProvenance(reader))
  const leaves = Array.from({ length: Math.min(samples, MAX_SAMPLES) }, () => {
    const { bytes, path } = readLeaf(reader)
    return { bytes: bytes.slice(), path: path.slice() }
  })
  reader.end()
  return { header: { coefficients, root, provenance }, leaves }
}
