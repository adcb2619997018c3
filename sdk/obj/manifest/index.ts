export {
  type CommitJob,
  type CommitResult,
  commitSegment,
  describeCommitted
} from './commit-segment.ts'
export {
  type CommittedTable,
  createCommittedTable,
  encodeCommittedTable,
  openCommittedTable
} from './committed-table.ts'
export {
  MAX_COMMITTED_PIECES,
  MAX_MANIFEST_BYTES,
  type Manifest,
  type ManifestSegment,
  MIN_PIECE_BYTES,
  manifestSegmentation,
  parityPieces
} from './manifest.ts'
export { hashSegment, segmentHash } from './segment-hash.ts'
export { type ManifestExpectation, openManifest, type SignedManifest, signManifest } from './signed-manifest.ts'
