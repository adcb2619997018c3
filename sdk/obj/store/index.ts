export { type BrowserStoreOptions, openBrowserStore } from './browser/open-browser-store.ts'
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
  PushOffer,
  PutOptions,
  ReadOptions,
  RemoveOptions,
  StoreChange,
  StoredPiece,
  StoreUsage,
  VerifyOptions,
  VerifyReport
} from './piece-store.ts'
export type { Recovery } from './recovery.ts'
export { linkedPieceStore } from './sharing/linked-piece-store.ts'
export { portLink } from './sharing/port-link.ts'
export { serveStore } from './sharing/serve-store.ts'
export { type SharedLinkOptions, sharedStoreLink } from './sharing/shared-link.ts'
export type { StoreLink, StorePort } from './sharing/store-link.ts'
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
