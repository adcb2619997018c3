import type { RandomBytes } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import {
  type CodingEngine,
  checkGeneration,
  createPause,
  encodeSegment,
  type Generation,
  type JobOptions
} from '../coding/index.ts'
import { HASH_BYTES, type HashEngine } from '../hashing/index.ts'
import { type CommittedTable, createCommittedTable } from './committed-table.ts'
import { MAX_COMMITTED_PIECES, type ManifestSegment } from './manifest.ts'
import { segmentHash } from './segment-hash.ts'

export interface CommitJob extends Generation {
  /**
   * Room for all committed pieces end to end: the segment's bytes at the front; what follows is overwritten with zeros up to the end of
   * the last source piece, then with parity. Its length says how many pieces there will be.
   */
  readonly pieces: Uint8Array
  /** Bytes of the segment at the front. */
  readonly sourceBytes: number
}

/** What is needed, beside the pieces themselves, to say what they are. Plain bytes, so that it crosses threads. */
export interface CommitResult {
  /** The job's, filled. */
  readonly pieces: Uint8Array
  /** One row of k scalars a parity piece, end to end. */
  readonly parityCoefficients: Uint8Array
  /** Packed, one a piece. */
  readonly pieceRoots: Uint8Array
  /** Of the segment, as `segmentHash` makes it. */
  readonly hash: Uint8Array
}

/**
 * Code one segment and hash all that came of it: what a publisher commits to. Cut into slices like every coding job.
 * @param random a CSPRNG, for the coefficients
 * @throws CraftecError `invalid-argument` | `aborted`
 */
export async function commitSegment(
  coding: CodingEngine,
  hashing: HashEngine,
  job: CommitJob,
  random: RandomBytes,
  options: JobOptions = {}
): Promise<CommitResult> {
  const { k, pieceBytes, pieces, sourceBytes } = job
  checkGeneration(job)
  const count = pieces.length / pieceBytes
  if (!Number.isInteger(count) || count < k || count > MAX_COMMITTED_PIECES)
    throw new CraftecError('invalid-argument', `room for k..${MAX_COMMITTED_PIECES} pieces expected, got ${count}`)
  if (!Number.isInteger(sourceBytes) || Math.ceil(sourceBytes / pieceBytes) !== k)
    throw new CraftecError('invalid-argument', `${sourceBytes} bytes are not ${k} pieces of ${pieceBytes}`)
  const source = pieces.subarray(0, sourceBytes)
  pieces.fill(0, sourceBytes, k * pieceBytes)
  const parity =
    count === k
      ? undefined
      : await encodeSegment(
          coding,
          { k, pieceBytes, source, count: count - k, into: pieces.subarray(k * pieceBytes) },
          random,
          options
        )
  const pause = createPause(options.signal)
  const pieceRoots = new Uint8Array(count * HASH_BYTES)
  for (let index = 0; index < count; index++) {
    await pause()
    pieceRoots.set(hashing.pieceRoot(pieces.subarray(index * pieceBytes, (index + 1) * pieceBytes)), index * HASH_BYTES)
  }
  const hash = segmentHash(sourceBytes, pieceRoots.subarray(0, k * HASH_BYTES))
  return { pieces, parityCoefficients: parity?.coefficients ?? new Uint8Array(0), pieceRoots, hash }
}

/** The table and the manifest's entry of a committed segment. */
export function describeCommitted(
  hashing: HashEngine,
  k: number,
  { parityCoefficients, pieceRoots, hash }: Omit<CommitResult, 'pieces'>
): { readonly table: CommittedTable; readonly segment: ManifestSegment } {
  const table = createCommittedTable(hashing, k, parityCoefficients, pieceRoots)
  return { table, segment: { hash, committed: table.count, committedRoot: table.root } }
}
