export { type CodecPool, type CodecPoolOptions, createCodecPool } from './codec/index.ts'
export { type CraftecWorker, type CraftecWorkerOptions, createCraftecWorker } from './craftec/index.ts'
export { type OpenPieceStoreOptions, openPieceStore } from './storage/index.ts'
