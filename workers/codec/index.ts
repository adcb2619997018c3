export { type CodecPool, type CodecPoolOptions, createCodecPool } from './codec-pool.ts'
export type { PooledHash } from './pooled-hash.ts'
