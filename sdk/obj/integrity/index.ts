export { type CommittedPaths, committedPaths } from './committed-paths.ts'
export {
  decodeEvidence,
  type Evidence,
  encodeEvidence,
  MAX_EVIDENCE_BYTES,
  type ProvenLeaf,
  readLeaf,
  type SourceLeaf,
  writeLeaf
} from './evidence.ts'
export {
  type Blame,
  type BlameRequest,
  type BlameTools,
  findLiars,
  type HeldPiece,
  MAX_CHOICES,
  MAX_DECODES
} from './find-liars.ts'
export { type AccusedPiece, gatherEvidence } from './gather-evidence.ts'
export { judgeEvidence, type Verdict } from './judge-evidence.ts'
export { createPieceTruth, type PieceTruth } from './piece-truth.ts'
export { type VerifiedPiece, verifyHeader, verifyPiece } from './verify-piece.ts'
