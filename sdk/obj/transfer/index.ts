export { ContentFetcher, type SegmentReading } from './content-fetcher.ts'
export { type ByteDuplex as ObjDuplex, DuplexChannel, duplexPair } from './duplex-channel.ts'
export type { FetchContext, FetchOptions, PeerFault } from './fetch-context.ts'
export {
  type CallOptions,
  HolderSession,
  type OfferedPiece,
  type OfferResult,
  type WantSink
} from './holder-session.ts'
export { IndexSet, MAX_COMMITTED } from './index-set.ts'
export { type Admission, createIntake, type Intake, type IntakeOptions } from './intake.ts'
export { ManifestShelf } from './manifest-shelf.ts'
export { PeerScores } from './peer-scores.ts'
export { type RecodeContext, recodePiece } from './recode-piece.ts'
export { type ContentHash, inlineCodec, type SegmentCodec } from './segment-codec.ts'
export {
  type RecodedPiece,
  type ServeTransferOptions,
  serveTransfer,
  type TransferHost,
  type TransferService,
  type TransferStats
} from './serve-transfer.ts'
export { MAX_TRANSFER_FRAME_BYTES } from './transfer-limits.ts'
export { type SegmentHoldings, TRANSFER_PROTOCOL } from './transfer-message.ts'
