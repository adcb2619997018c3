export { type OpenPieceStoreOptions, openPieceStore } from './open-piece-store.ts'
