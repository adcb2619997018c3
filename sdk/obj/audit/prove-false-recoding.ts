import { CraftecError } from '../../errors/index.ts'
import { type Evidence, encodeEvidence, judgeEvidence, type SourceLeaf } from '../integrity/index.ts'
import type { SignedManifest } from '../manifest/index.ts'
import { decodeProvenance } from '../piece/index.ts'
import type { Answer } from './answer.ts'
import { type Challenge, sampledLeaves } from './challenge.ts'
import type { CheckedAnswer } from './cross-check.ts'

/** A committed piece as its holder showed it. */
interface ShownPiece {
  readonly answer: Answer
  /** To the manifest's root. */
  readonly committedPath: Uint8Array
}

/**
 * Make a lie that a cross-check found provable to others. Holders do not sign what they answer, so nothing but a recoder's own signature can
 * be held against anybody: evidence needs it, and of every source piece that the accused one uses the same leaf. Answers to one nonce show
 * just that, where holders of those source pieces were among the asked.
 * @param challenge what all were asked, but for the piece
 * @param accused the answer that showed a recoded piece
 * @param shown passed audits of pieces of the segment
 * @returns bytes for `decodeEvidence` and `judgeEvidence`; undefined when a source piece was not shown, as where parity stood in for it
 */
export function proveFalseRecoding(
  manifest: SignedManifest,
  challenge: Omit<Challenge, 'target'>,
  accused: Answer,
  shown: readonly CheckedAnswer[]
): Uint8Array | undefined {
  const sources = usedSources(accused, shown)
  if (sources === undefined) return undefined
  for (const [sample, leafIndex] of sampledLeaves(challenge, manifest.pieceBytes).entries()) {
    const evidence = evidenceOf(challenge, accused, sources, sample, leafIndex)
    if (evidence && convicts(manifest, evidence)) return encodeEvidence(evidence)
  }
  return undefined
}

/** One a coefficient that is not zero, in their order. */
function usedSources(accused: Answer, shown: readonly CheckedAnswer[]): ShownPiece[] | undefined {
  const byIndex = new Map<number, ShownPiece>()
  for (const { answer } of shown) {
    const provenance = decodeProvenance(answer.header.provenance)
    if (provenance.kind === 'committed') byIndex.set(provenance.index, { answer, committedPath: provenance.path })
  }
  const used = [...accused.header.coefficients.keys()].filter(index => accused.header.coefficients[index] !== 0)
  const sources = used.flatMap(index => byIndex.get(index) ?? [])
  return sources.length === used.length ? sources : undefined
}

function evidenceOf(
  { manifestId, segment }: Omit<Challenge, 'target'>,
  accused: Answer,
  shown: readonly ShownPiece[],
  sample: number,
  leafIndex: number
): Evidence | undefined {
  const leaf = accused.leaves[sample]
  const sources: SourceLeaf[] = []
  for (const { answer, committedPath } of shown) {
    const source = answer.leaves[sample]
    if (source) sources.push({ root: answer.header.root, committedPath, leaf: source })
  }
  return leaf && { manifestId, segment, leafIndex, accused: accused.header, leaf, sources }
}

/** A leaf of a false piece may well be true. */
function convicts(manifest: SignedManifest, evidence: Evidence): boolean {
  try {
    return judgeEvidence(manifest, evidence).liar === 'recoder'
  } catch (error) {
    if (error instanceof CraftecError && (error.code === 'malformed' || error.code === 'invalid-signature'))
      return false
    throw error
  }
}
