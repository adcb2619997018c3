export { type CodecPool, type CodecPoolOptions, createCodecPool } from './codec/codec-pool.ts'
export { type CraftecWorker, type CraftecWorkerOptions, createCraftecWorker } from './craftec/index.ts'
