/** The bytes of docs/protocol/craftobj.md §4: a lie, and all that is needed to see it. */
import { ByteReader, ByteWriter } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { MAX_SOURCE_PIECES } from '../coding/index.ts'
import { HASH_BYTES, LEAF_BYTES, MAX_PATH_HASHES } from '../hashing/index.ts'
import { encodeProvenance, type PieceHeader, readProvenance } from '../piece/index.ts'

export const MAX_EVIDENCE_BYTES = 512 * 1024
const VERSION = 1

/** Up to 1024 bytes of a piece, and packed hashes from their leaf to the piece's root. */
export interface ProvenLeaf {
  readonly bytes: Uint8Array
  readonly path: Uint8Array
}

export interface SourceLeaf {
  /** Root of the source piece, and packed hashes from its committed leaf to the manifest's root. */
  readonly root: Uint8Array
  readonly committedPath: Uint8Array
  readonly leaf: ProvenLeaf
}

export interface Evidence {
  readonly manifestId: Uint8Array
  readonly segment: number
  /** Which leaf of the pieces is shown. */
  readonly leafIndex: number
  readonly accused: PieceHeader
  readonly leaf: ProvenLeaf
  /** One a coefficient of the accused piece that is not zero, in their order. */
  readonly sources: readonly SourceLeaf[]
}

export function encodeEvidence(evidence: Evidence): Uint8Array {
  const { manifestId, segment, leafIndex, accused, leaf, sources } = evidence
  const writer = new ByteWriter(2048 * (1 + sources.length))
    .u8(VERSION)
    .bytes(manifestId)
    .u32le(segment)
    .u32le(leafIndex)
    .u8(accused.coefficients.length)
    .bytes(accused.coefficients)
    .bytes(accused.root)
    .bytes(accused.provenance)
  writeLeaf(writer, leaf)
  for (const { root, committedPath, leaf } of sources) {
    writer.bytes(root)
    writePath(writer, committedPath)
    writeLeaf(writer, leaf)
  }
  return writer.finish()
}

/** Reads the form, not the truth: see `judgeEvidence`. @throws CraftecError `malformed` | `limit-exceeded` over 512 KiB */
export function decodeEvidence(input: Uint8Array): Evidence {
  if (input.length > MAX_EVIDENCE_BYTES)
    throw new CraftecError('limit-exceeded', `evidence has at most ${MAX_EVIDENCE_BYTES} bytes, got ${input.length}`)
  const reader = new ByteReader(input.slice(), 'evidence')
  const version = reader.u8()
  if (version !== VERSION) throw reader.malformed(`version ${version}, expected ${VERSION}`)
  const manifestId = reader.bytes(HASH_BYTES)
  const segment = reader.u32le()
  const leafIndex = reader.u32le()
  const k = reader.u8()
  if (k < 1 || k > MAX_SOURCE_PIECES) throw reader.malformed(`${k} coefficients`)
  const coefficients = reader.bytes(k)
  const root = reader.bytes(HASH_BYTES)
  const provenance = encodeProvenance(readProvenance(reader))
  const leaf = readLeaf(reader)
  const sources = Array.from(coefficients)
    .filter(scalar => scalar !== 0)
    .map(() => ({ root: reader.bytes(HASH_BYTES), committedPath: readPath(reader), leaf: readLeaf(reader) }))
  reader.end()
  return { manifestId, segment, leafIndex, accused: { coefficients, root, provenance }, leaf, sources }
}

/** u16 length ‖ bytes ‖ path; audits show leaves in the same form. */
export function writeLeaf(writer: ByteWriter, { bytes, path }: ProvenLeaf): void {
  writer.u16le(bytes.length).bytes(bytes)
  writePath(writer, path)
}

/** @throws CraftecError `malformed` */
export function readLeaf(reader: ByteReader): ProvenLeaf {
  const length = reader.u16le()
  if (length < 1 || length > LEAF_BYTES) throw reader.malformed(`a leaf of ${length} bytes`)
  return { bytes: reader.bytes(length), path: readPath(reader) }
}

function writePath(writer: ByteWriter, path: Uint8Array): void {
  writer.u8(path.length / HASH_BYTES).bytes(path)
}

function readPath(reader: ByteReader): Uint8Array {
  const hashes = reader.u8()
  if (hashes > MAX_PATH_HASHES) throw reader.malformed(`a path of ${hashes} hashes`)
  return reader.bytes(hashes * HASH_BYTES)
}
