/**
 * All committed pieces of a segment in one list: what their leaves are made of. The publisher makes it while coding; holders and
 * readers get it from each other and need trust nobody, because it must come to the manifest's root. Whoever has it can prove the
 * place of any committed piece, check pieces that arrive without a path, and show what a liar's piece should have been.
 */
import { ByteReader, ByteWriter } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { unitVector } from '../coding/index.ts'
import { equalBytes, HASH_BYTES, type HashEngine, merklePath, merkleRoot } from '../hashing/index.ts'
import { checkPieceCoefficients, committedLeafHash, encodeProvenance } from '../piece/index.ts'
import { MAX_COMMITTED_PIECES, type Manifest, manifestSegmentation } from './manifest.ts'

export interface CommittedTable {
  readonly k: number
  /** Pieces in it: the k source pieces, then parity. */
  readonly count: number
  coefficients(index: number): Uint8Array
  /** Root of the piece's own tree. */
  pieceRoot(index: number): Uint8Array
  /** Root over all of them, as the manifest has it. */
  readonly root: Uint8Array
  /** Packed hashes from piece `index` to the root. */
  path(index: number): Uint8Array
  /** As `encodeProvenance` gives it. */
  provenance(index: number): Uint8Array
  /** Where a piece stands in the table, or -1 if it is none of it. */
  find(coefficients: Uint8Array, root: Uint8Array): number
}

/**
 * @param parityCoefficients one row of k scalars a parity piece, end to end
 * @param pieceRoots packed roots of all committed pieces, source first
 * @throws CraftecError `invalid-argument` | `malformed` for a parity row of zeros
 */
export function createCommittedTable(
  engine: HashEngine,
  k: number,
  parityCoefficients: Uint8Array,
  pieceRoots: Uint8Array
): CommittedTable {
  const count = pieceRoots.length / HASH_BYTES
  if (!Number.isInteger(count) || count < k || count > MAX_COMMITTED_PIECES)
    throw new CraftecError('invalid-argument', `k..${MAX_COMMITTED_PIECES} packed roots expected, got ${count}`)
  if (parityCoefficients.length !== (count - k) * k)
    throw new CraftecError(
      'invalid-argument',
      `${count - k} rows of ${k} coefficients, got ${parityCoefficients.length}`
    )
  const rows = Array.from({ length: count }, (_, index) =>
    index < k ? unitVector(k, index) : parityCoefficients.slice((index - k) * k, (index - k + 1) * k)
  )
  const roots = Array.from({ length: count }, (_, index) =>
    pieceRoots.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES)
  )
  const leaves = new Uint8Array(count * HASH_BYTES)
  for (const [index, row] of rows.entries()) {
    checkPieceCoefficients(row, k)
    leaves.set(committedLeafHash(index, row, at(roots, index)), index * HASH_BYTES)
  }
  const path = (index: number): Uint8Array => merklePath(engine, leaves, index)
  return {
    k,
    count,
    coefficients: index => at(rows, index),
    pieceRoot: index => at(roots, index),
    root: merkleRoot(engine, leaves),
    path,
    provenance: index => encodeProvenance({ kind: 'committed', index, path: path(index) }),
    find: (coefficients, root) =>
      rows.findIndex((row, index) => equalBytes(row, coefficients) && equalBytes(at(roots, index), root))
  }
}

/** u8 k ‖ u16le count ‖ coefficients of the parity pieces ‖ roots of all pieces. */
export function encodeCommittedTable(table: CommittedTable): Uint8Array {
  const { k, count } = table
  const writer = new ByteWriter(3 + count * (k + HASH_BYTES)).u8(k).u16le(count)
  for (let index = k; index < count; index++) writer.bytes(table.coefficients(index))
  for (let index = 0; index < count; index++) writer.bytes(table.pieceRoot(index))
  return writer.finish()
}

/**
 * Read a table from whoever sent it, and check it against the manifest.
 * @throws CraftecError `malformed` when it is not the table of that segment, `invalid-argument` for a segment that does not exist
 */
export function openCommittedTable(
  engine: HashEngine,
  manifest: Manifest,
  segment: number,
  bytes: Uint8Array
): CommittedTable {
  const { k } = manifestSegmentation(manifest).segment(segment)
  const { committed, committedRoot } = at(manifest.segments, segment)
  const reader = new ByteReader(bytes, 'committed table')
  if (reader.u8() !== k) throw reader.malformed('of a segment with another k')
  if (reader.u16le() !== committed) throw reader.malformed('another number of pieces than the manifest says')
  const parity = reader.bytes((committed - k) * k)
  const roots = reader.bytes(committed * HASH_BYTES)
  reader.end()
  const table = createCommittedTable(engine, k, parity, roots)
  if (!equalBytes(table.root, committedRoot)) throw reader.malformed('does not come to the root in the manifest')
  return table
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index]
  if (item === undefined) throw new CraftecError('invalid-argument', `0..${list.length - 1} expected, got ${index}`)
  return item
}
