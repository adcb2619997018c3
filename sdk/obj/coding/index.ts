export type { CodingEngine, CombineRequest, Workspace, WorkspaceShape } from './coding-engine.ts'
export {
  type DecodeJob,
  decodeSegment,
  type EncodeJob,
  type EncodeResult,
  encodeSegment,
  type JobOptions
} from './coding-job.ts'
export { createDecoder, type Decoder, type PieceVerdict } from './decoder.ts'
export { createEncoder, type Encoder } from './encoder.ts'
export {
  type CodedPiece,
  checkGeneration,
  type Generation,
  MAX_PIECE_BYTES,
  MAX_SOURCE_PIECES,
  sourceIndex,
  unitVector
} from './generation.ts'
export { createJsEngine } from './js-engine.ts'
export { type CodingEngineOptions, loadCodingEngine } from './load-engine.ts'
export { createRecoder, type Recoder } from './recoder.ts'
export { CHUNK_BYTES, DATA_SHARDS, decodeChunk, encodeChunk, TOTAL_SHARDS } from './reed-solomon.ts'
export {
  DEFAULT_PIECE_BYTES,
  DEFAULT_SEGMENT_BYTES,
  type Segment,
  type Segmentation,
  type SegmentationOptions,
  segmentation,
  targetPieces
} from './segmentation.ts'
export { createPause } from './stepped-work.ts'
