import { type CodedPiece, createJsEngine, unitVector } from '../coding/index.ts'
import { equalBytes, type HashEngine, LEAF_BYTES, merklePath, rootFromPath } from '../hashing/index.ts'
import type { SignedManifest } from '../manifest/index.ts'
import { committedLeafHash, type PieceHeader } from '../piece/index.ts'
import type { CommittedPaths } from './committed-paths.ts'
import type { Evidence, ProvenLeaf, SourceLeaf } from './evidence.ts'
import { createPieceTruth } from './piece-truth.ts'

export interface AccusedPiece extends PieceHeader, CodedPiece {}

/**
 * Make a lie provable to others. Needs the segment, as it decoded to its hash, and paths to the committed root.
 * @param paths a committed table, or what a reader knows of it (see `committedPaths`)
 * @param bytes the segment
 * @returns undefined when the piece is what it claims, when a path is not known, or the publisher committed to other source pieces than
 * the segment has: then nobody's lie can be shown by leaves, and the manifest itself is not to be trusted
 */
export function gatherEvidence(
  hashing: HashEngine,
  manifest: SignedManifest,
  segment: number,
  paths: CommittedPaths,
  accused: AccusedPiece,
  bytes: Uint8Array
): Evidence | undefined {
  const { pieceBytes } = manifest
  const { coefficients, data, root, provenance } = accused
  const description = manifest.segments[segment]
  const sources = new Uint8Array(coefficients.length * pieceBytes)
  sources.set(bytes)
  const leafIndex = firstDifference(coefficients, sources, data)
  if (leafIndex === undefined) return undefined
  const proven = (piece: Uint8Array): { readonly root: Uint8Array; readonly leaf: ProvenLeaf } => {
    const hashes = hashing.leafHashes(piece)
    const leaf = piece.slice(leafIndex * LEAF_BYTES, (leafIndex + 1) * LEAF_BYTES)
    return { root: hashing.pieceRoot(piece), leaf: { bytes: leaf, path: merklePath(hashing, hashes, leafIndex) } }
  }
  const shown: SourceLeaf[] = []
  for (const [index, scalar] of coefficients.entries()) {
    if (scalar === 0) continue
    const committedPath = paths.path(index)
    const source = proven(sources.subarray(index * pieceBytes, (index + 1) * pieceBytes))
    const leaf = committedLeafHash(index, unitVector(coefficients.length, index), source.root)
    const top = committedPath && description && rootFromPath(leaf, index, description.committed, committedPath)
    if (!committedPath || !top || !equalBytes(top, description.committedRoot)) return undefined
    shown.push({ ...source, committedPath })
  }
  return {
    manifestId: manifest.id,
    segment,
    leafIndex,
    accused: { coefficients, root, provenance },
    leaf: proven(data).leaf,
    sources: shown
  }
}

function firstDifference(coefficients: Uint8Array, sources: Uint8Array, data: Uint8Array): number | undefined {
  const truth = createPieceTruth(createJsEngine(), { k: coefficients.length, pieceBytes: data.length }, sources)
  try {
    for (let from = 0; from < data.length; from += LEAF_BYTES) {
      const to = Math.min(from + LEAF_BYTES, data.length)
      if (!equalBytes(truth.piece(coefficients, from, to), data.subarray(from, to))) return from / LEAF_BYTES
    }
    return undefined
  } finally {
    truth.release()
  }
}
