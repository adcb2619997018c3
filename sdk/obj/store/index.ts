export { valueByUse } from './content-value.ts'
export { createMemoryPieceStore } from './memory-piece-store.ts'
export type {
  ContentInfo,
  ContentLabel,
  ContentPage,
  ContentValue,
  EvictionReport,
  EvictOptions,
  LostPiece,
  NewContent,
  PieceRecord,
  PieceStore,
  PutOptions,
  ReadOptions,
  StoreChange,
  StoredPiece,
  StoreUsage,
  VerifyOptions,
  VerifyReport
} from './piece-store.ts'
export type { StorePolicyOptions } from './store-policy.ts'
