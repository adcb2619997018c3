import { seededRandom } from './seeded-random.ts'

const POOL_BYTES = 1 << 20

/** Replayable garbage, cheap enough for 100,000 inputs: windows that wander over one random mebibyte. */
export function hostileBytes(seed: string): (length: number) => Uint8Array {
  const pool = seededRandom(seed)(POOL_BYTES)
  let at = 0
  return length => {
    at = (at + length + 7919) % (POOL_BYTES - length)
    return pool.slice(at, at + length)
  }
}
