import type { RandomBytes } from '../../async/index.ts'
import { gf256 } from './field.ts'

/** The linear combination of coefficient vectors: a few hundred bytes, not worth a kernel. */
export function combineRows(rows: readonly Uint8Array[], scalars: Uint8Array, k: number): Uint8Array {
  const { multiply } = gf256()
  const sum = new Uint8Array(k)
  for (const [index, row] of rows.entries()) {
    const scalar = scalars[index] ?? 0
    for (let i = 0; i < k; i++) sum[i] = (sum[i] as number) ^ multiply(scalar, row[i] as number)
  }
  return sum
}

/** `count` uniform scalars of 1..255, by rejection: a zero would leave a piece out. */
export function nonZeroScalars(count: number, random: RandomBytes): Uint8Array {
  const scalars = random(count)
  for (let i = 0; i < count; i++) while (scalars[i] === 0) scalars[i] = random(1)[0] as number
  return scalars
}
