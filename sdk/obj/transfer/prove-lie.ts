import type { HashEngine } from '../hashing/index.ts'
import { committedPaths, encodeEvidence, gatherEvidence } from '../integrity/index.ts'
import { manifestSegmentation, type SignedManifest } from '../manifest/index.ts'
import type { StoredPiece } from '../store/index.ts'

/**
 * What convinces others that a piece is a lie, see `judgeEvidence`.
 * @param bytes the segment, as it has its hash
 * @param pieces all that came of it: their paths show where the source pieces stand
 * @returns undefined when no committed piece came whose path is needed
 */
export function proveLie(
  hashes: HashEngine,
  manifest: SignedManifest,
  segment: number,
  bytes: Uint8Array,
  pieces: readonly StoredPiece[],
  liar: StoredPiece
): Uint8Array | undefined {
  const { pieceBytes } = manifest
  const { k } = manifestSegmentation(manifest).segment(segment)
  const sources = new Uint8Array(k * pieceBytes)
  sources.set(bytes)
  const roots = Array.from({ length: k }, (_, index) =>
    hashes.pieceRoot(sources.subarray(index * pieceBytes, (index + 1) * pieceBytes))
  )
  const committed = manifest.segments[segment]?.committed ?? k
  const paths = committedPaths(
    committed,
    roots,
    pieces.map(({ record }) => record)
  )
  const { record, data } = liar
  const evidence = gatherEvidence(hashes, manifest, segment, paths, { ...record, data }, bytes)
  return evidence && encodeEvidence(evidence)
}
