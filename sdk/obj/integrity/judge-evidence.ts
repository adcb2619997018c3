import { CraftecError } from '../../errors/index.ts'
import { createJsEngine, unitVector } from '../coding/index.ts'
import { equalBytes, LEAF_BYTES, leafCount, leafHash, rootFromPath } from '../hashing/index.ts'
import type { SignedManifest } from '../manifest/index.ts'
import { encodeProvenance } from '../piece/index.ts'
import type { Evidence, ProvenLeaf } from './evidence.ts'
import { createPieceTruth } from './piece-truth.ts'
import { verifyHeader } from './verify-piece.ts'

/** A lie that is proven, and whose it is. */
export interface Verdict {
  readonly liar: 'recoder' | 'publisher'
  /** The liar's Ed25519 public key. */
  readonly key: Uint8Array
  readonly segment: number
  readonly pieceId: Uint8Array
}

/**
 * Whether evidence proves what it says. Needs the manifest and nothing else: no piece, no peer, no trust in whoever brought it.
 * @throws CraftecError `malformed` | `invalid-signature` when it proves nothing: another manifest, a path or signature that does not
 * hold, or a piece that is what it claims to be
 */
export function judgeEvidence(manifest: SignedManifest, evidence: Evidence): Verdict {
  const { segment, leafIndex, accused, leaf, sources } = evidence
  if (!equalBytes(evidence.manifestId, manifest.id)) throw isVoid('it is about another manifest')
  const { id, recoder } = verifyHeader(manifest, segment, accused)
  checkLeaf(manifest.pieceBytes, leafIndex, accused.root, leaf)
  const k = accused.coefficients.length
  const used = [...accused.coefficients.keys()].filter(index => accused.coefficients[index] !== 0)
  if (sources.length !== used.length) throw isVoid('a source piece is missing')

  const leafBytes = leaf.bytes.length
  const shown = new Uint8Array(k * leafBytes)
  for (const [position, index] of used.entries()) {
    const source = sources[position]
    if (source === undefined) throw isVoid('a source piece is missing')
    const provenance = encodeProvenance({ kind: 'committed', index, path: source.committedPath })
    verifyHeader(manifest, segment, { coefficients: unitVector(k, index), root: source.root, provenance })
    checkLeaf(manifest.pieceBytes, leafIndex, source.root, source.leaf)
    shown.set(source.leaf.bytes, index * leafBytes)
  }
  const truth = createPieceTruth(createJsEngine(), { k, pieceBytes: leafBytes }, shown)
  const honest = equalBytes(truth.piece(accused.coefficients), leaf.bytes)
  truth.release()
  if (honest) throw isVoid('the piece is what it claims to be')
  return recoder === undefined
    ? { liar: 'publisher', key: manifest.publisher, segment, pieceId: id }
    : { liar: 'recoder', key: recoder, segment, pieceId: id }
}

function checkLeaf(pieceBytes: number, index: number, root: Uint8Array, { bytes, path }: ProvenLeaf): void {
  const count = leafCount(pieceBytes)
  const expected = Math.min(LEAF_BYTES, pieceBytes - index * LEAF_BYTES)
  if (index >= count || bytes.length !== expected) throw isVoid('a leaf that no piece has')
  const top = rootFromPath(leafHash(bytes), index, count, path)
  if (top === undefined || !equalBytes(top, root)) throw isVoid('a leaf that is not of its piece')
}

function isVoid(why: string): CraftecError {
  return new CraftecError('malformed', `evidence is void: ${why}`)
}
