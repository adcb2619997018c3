export { type CodecPool, type CodecPoolOptions, createCodecPool } from './codec-pool.ts'
