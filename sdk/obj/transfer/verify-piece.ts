import { CraftecError } from '../../errors/index.ts'
import { equalBytes, type HashEngine, rootFromPath } from '../hashing/index.ts'
import { manifestSegmentation, type SignedManifest } from '../manifest/index.ts'
import { checkPieceCoefficients, committedLeafHash, decodeProvenance, pieceId, verifyRecoded } from '../piece/index.ts'
import type { PieceHead } from './transfer-message.ts'

export interface VerifiedPiece {
  readonly id: Uint8Array
  /** Place among the committed pieces; undefined for a recoded one. */
  readonly index: number | undefined
  /** Who answers for a recoded piece, whose bytes cannot be checked before the segment is whole. */
  readonly recoder: Uint8Array | undefined
}

/**
 * What can be known of a piece when it arrives: that its data has the root it says, and that the root is one that the manifest
 * commits to, or that somebody signed.
 * @throws CraftecError `malformed` | `invalid-signature`
 */
export function verifyPiece(
  hashes: HashEngine,
  manifest: SignedManifest,
  segment: number,
  { coefficients, root, provenance }: PieceHead,
  data: Uint8Array
): VerifiedPiece {
  const fields = manifest.segments[segment]
  if (!fields) throw new CraftecError('malformed', 'a piece of a segment that does not exist')
  const { k } = manifestSegmentation(manifest).segment(segment)
  checkPieceCoefficients(coefficients, k)
  if (data.length !== manifest.pieceBytes) throw new CraftecError('malformed', 'a piece of another length')
  const origin = decodeProvenance(provenance)
  // the cheap checks first: garbage costs its sender more than us
  if (origin.kind === 'committed') {
    const leaf = committedLeafHash(origin.index, coefficients, root)
    const top = rootFromPath(leaf, origin.index, fields.committed, origin.path)
    if (!top || !equalBytes(top, fields.committedRoot))
      throw new CraftecError('malformed', 'a piece that the manifest does not commit to')
  } else if (!verifyRecoded({ manifestId: manifest.id, segment, coefficients, root }, origin.recoder, origin.signature))
    throw new CraftecError('invalid-signature', 'a recoded piece whose signature does not hold')
  if (!equalBytes(hashes.pieceRoot(data), root))
    throw new CraftecError('malformed', 'a piece whose data is not what its root says')
  return {
    id: pieceId(fields.hash, coefficients, root),
    index: origin.kind === 'committed' ? origin.index : undefined,
    recoder: origin.kind === 'recoded' ? origin.recoder : undefined
  }
}
