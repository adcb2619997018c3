/**
 * Systematic Reed-Solomon 3+2 over GF(2^8)/0x11D for chunks of up to 18,432 bytes: three data shards, two parity shards, any three
 * rebuild the chunk. Matrix: the 5x3 Vandermonde matrix (row r, column c = r^c) times the inverse of its top square.
 */
import { CraftecError } from '../../errors/index.ts'
import { gf256 } from './field.ts'

export const DATA_SHARDS = 3
export const TOTAL_SHARDS = 5
export const CHUNK_BYTES = 18_432

/** Rows 3 and 4; rows 0..2 are the identity. */
const PARITY_ROWS = [
  [0x01, 0x01, 0x01],
  [0x0f, 0x08, 0x06]
] as const

/**
 * @param chunk 1..18,432 bytes; filled up with zeros to a multiple of 3
 * @returns five shards of ceil(length / 3) bytes
 * @throws CraftecError `invalid-argument`
 */
export function encodeChunk(chunk: Uint8Array): Uint8Array[] {
  if (chunk.length < 1 || chunk.length > CHUNK_BYTES)
    throw new CraftecError('invalid-argument', `a chunk has 1..${CHUNK_BYTES} bytes, got ${chunk.length}`)
  const length = Math.ceil(chunk.length / DATA_SHARDS)
  const data = Array.from({ length: DATA_SHARDS }, (_, i) => {
    const shard = new Uint8Array(length)
    shard.set(chunk.subarray(i * length, (i + 1) * length))
    return shard
  })
  return [...data, ...PARITY_ROWS.map(row => weightedSum(data, row))]
}

/**
 * @param shards five places, undefined where a shard is lost
 * @returns the three data shards end to end: the chunk and its zero fill
 * @throws CraftecError `malformed` with fewer than three shards, or of unequal lengths
 */
export function decodeChunk(shards: readonly (Uint8Array | undefined)[]): Uint8Array {
  const present: { index: number; shard: Uint8Array }[] = []
  for (let index = 0; index < TOTAL_SHARDS && present.length < DATA_SHARDS; index++) {
    const shard = shards[index]
    if (shard) present.push({ index, shard })
  }
  const length = present[0]?.shard.length ?? 0
  if (present.length < DATA_SHARDS)
    throw new CraftecError(
      'malformed',
      `${DATA_SHARDS} of ${TOTAL_SHARDS} shards are needed, ${present.length} are there`
    )
  if (length === 0 || length > CHUNK_BYTES / DATA_SHARDS || shards.some(shard => shard && shard.length !== length))
    throw new CraftecError('malformed', `shards must be of one length, 1..${CHUNK_BYTES / DATA_SHARDS}`)
  const solution = invertThree(present.map(({ index }) => matrixRow(index)))
  const chunk = new Uint8Array(DATA_SHARDS * length)
  for (const [i, row] of solution.entries()) {
    const own = shards[i]
    chunk.set(
      own ??
        weightedSum(
          present.map(({ shard }) => shard),
          row
        ),
      i * length
    )
  }
  return chunk
}

function matrixRow(index: number): number[] {
  return [...(PARITY_ROWS[index - DATA_SHARDS] ?? [0, 1, 2].map(column => Number(column === index)))]
}

function weightedSum(shards: readonly Uint8Array[], weights: readonly number[]): Uint8Array {
  const { multiply } = gf256()
  const sum = new Uint8Array(shards[0]?.length ?? 0)
  for (const [j, shard] of shards.entries()) {
    const weight = weights[j] ?? 0
    if (weight === 0) continue
    const table = Uint8Array.from({ length: 256 }, (_, x) => multiply(weight, x))
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) ^ (table[shard[i] as number] as number)
  }
  return sum
}

/** Inverse of a 3x3 matrix by its adjugate; any three rows of the code are independent, so the determinant is not zero. */
function invertThree(m: readonly number[][]): number[][] {
  const { multiply, inverse } = gf256()
  const at = (row: number, column: number): number => m[row % 3]?.[column % 3] as number
  const minor = (row: number, column: number): number =>
    multiply(at(row + 1, column + 1), at(row + 2, column + 2)) ^
    multiply(at(row + 1, column + 2), at(row + 2, column + 1))
  const determinant = [0, 1, 2].reduce((sum, column) => sum ^ multiply(at(0, column), minor(0, column)), 0)
  const scale = inverse(determinant)
  return [0, 1, 2].map(row => [0, 1, 2].map(column => multiply(scale, minor(column, row))))
}
