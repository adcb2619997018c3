export { valueByUse } from './content-value.ts'
export { type IndexedStoreOptions, openIndexedPieceStore } from './indexed-piece-store.ts'
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
export type { Recovery } from './recovery.ts'
export type { SlabFile, SlabFolder } from './slab-file.ts'
export {
  INDEX_TABLES,
  type IndexChange,
  type IndexRow,
  type IndexTable,
  keyBounds,
  type RowRange,
  type StoreIndex
} from './store-index.ts'
export type { StorePolicyOptions } from './store-policy.ts'
