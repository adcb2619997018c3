import { CraftecError } from '../../errors/index.ts'
import { sourceIndex } from '../coding/index.ts'
import { equalBytes, type HashEngine, rootFromPath } from '../hashing/index.ts'
import { manifestSegmentation, type SignedManifest } from '../manifest/index.ts'
import {
  checkPieceCoefficients,
  committedLeafHash,
  decodeProvenance,
  type PieceHeader,
  pieceId,
  verifyRecoded
} from '../piece/index.ts'

export interface VerifiedPiece {
  readonly id: Uint8Array
  /** Place among the committed pieces; undefined for a recoded one. */
  readonly index: number | undefined
  /** Who answers for a recoded piece, whose bytes cannot be checked before the segment is whole. */
  readonly recoder: Uint8Array | undefined
}

/**
 * All that can be known of a piece when it arrives: that its root is one that the manifest commits to, or that somebody signed for,
 * and that its data has that root.
 * @param segment its number
 * @throws CraftecError `malformed` | `invalid-signature`
 */
export function verifyPiece(
  hashing: HashEngine,
  manifest: SignedManifest,
  segment: number,
  header: PieceHeader,
  data: Uint8Array
): VerifiedPiece {
  // The cheap checks first: garbage costs its sender more than us.
  const verified = verifyHeader(manifest, segment, header)
  if (data.length !== manifest.pieceBytes)
    throw new CraftecError('malformed', `a piece of ${data.length} bytes, expected ${manifest.pieceBytes}`)
  if (!equalBytes(hashing.pieceRoot(data), header.root))
    throw new CraftecError('malformed', 'a piece whose data does not have its root')
  if (!isFilledWithZeros(manifest, segment, verified, data))
    throw new CraftecError('malformed', 'a last piece that goes on behind the end of its segment')
  return verified
}

/** Whoever computes the segment puts zeros behind its end: a source piece with anything else there would be another one than that. */
function isFilledWithZeros(
  manifest: SignedManifest,
  segment: number,
  { index }: VerifiedPiece,
  data: Uint8Array
): boolean {
  const { k, bytes } = manifestSegmentation(manifest).segment(segment)
  return index !== k - 1 || data.subarray(bytes - index * manifest.pieceBytes).every(byte => byte === 0)
}

/**
 * As {@link verifyPiece}, without the data: for audits and evidence, which see only leaves of it.
 * @throws CraftecError `malformed` | `invalid-signature`
 */
export function verifyHeader(manifest: SignedManifest, segment: number, header: PieceHeader): VerifiedPiece {
  const { coefficients, root } = header
  const description = manifest.segments[segment]
  if (description === undefined) throw new CraftecError('malformed', 'a piece of a segment that does not exist')
  const { k } = manifestSegmentation(manifest).segment(segment)
  checkPieceCoefficients(coefficients, k)
  const id = pieceId(description.hash, coefficients, root)
  const provenance = decodeProvenance(header.provenance)
  if (provenance.kind === 'recoded') {
    const claim = { manifestId: manifest.id, segment, coefficients, root }
    if (!verifyRecoded(claim, provenance.recoder, provenance.signature))
      throw new CraftecError('invalid-signature', 'a recoded piece that its recoder did not sign')
    return { id, index: undefined, recoder: provenance.recoder }
  }
  const { index, path } = provenance
  // Committed or not: what stands where a source piece belongs, and is none, would be read as one.
  if (index < k && sourceIndex(coefficients) !== index)
    throw new CraftecError('malformed', 'a committed source piece without its unit vector')
  const top = rootFromPath(committedLeafHash(index, coefficients, root), index, description.committed, path)
  if (top === undefined || !equalBytes(top, description.committedRoot))
    throw new CraftecError('malformed', 'a piece that the manifest does not commit to')
  return { id, index, recoder: undefined }
}
