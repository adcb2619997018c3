// Incremental Gauss-Jordan elimination on coefficient rows only. Each kept row carries, beside its k coefficients, how it was
// made of the rows as they arrived (k more bytes). At rank k the coefficient side is the identity and the other side the inverse:
// no separate inversion, and data is not touched before.

import { inverse, multiply, NIBBLES } from './gf256'
import { addOne } from './combine-nibbles'

/** Row width: coefficients and history, each padded to whole vectors. */
// @ts-ignore: decorator
@inline function half(k: usize): usize {
  return (k + 15) & ~15
}

/** Bytes of state for k columns: one row per pivot, one working row, one flag per pivot. */
export function reductionBytes(k: usize): usize {
  return (k + 1) * half(k) * 2 + half(k)
}

export function reductionStart(state: usize, k: usize): void {
  memory.fill(state, 0, reductionBytes(k))
}

/** Where the caller writes the k coefficients of a row before `reductionAdd`. */
export function reductionInput(state: usize, k: usize): usize {
  return state + k * half(k) * 2
}

/** Address of how source `pivot` is made of the kept rows: k bytes, by order of arrival. */
export function reductionHistory(state: usize, k: usize, pivot: usize): usize {
  return state + pivot * half(k) * 2 + half(k)
}

/**
 * Take the row at `reductionInput` as the one that arrived as number `arrival` (0..k-1, counting kept rows only).
 * @returns the pivot it was kept for, or -1 when it adds nothing
 */
export function reductionAdd(state: usize, k: usize, arrival: usize): i32 {
  const width = half(k) * 2
  const flags = state + (k + 1) * width
  const row = reductionInput(state, k)
  memory.fill(row + half(k), 0, half(k))
  store<u8>(row + half(k) + arrival, 1)
  let pivot: i32 = -1
  for (let c: usize = 0; c < k; c++) {
    const scalar = load<u8>(row + c)
    if (scalar == 0) continue
    if (load<u8>(flags + c) != 0) addOne(row, state + c * width, NIBBLES + (<usize>scalar << 5), width)
    else if (pivot < 0) pivot = <i32>c
  }
  if (pivot < 0) return -1
  const p = <usize>pivot
  const kept = state + p * width
  const scale = inverse(load<u8>(row + p))
  for (let i: usize = 0; i < width; i++) store<u8>(kept + i, multiply(scale, load<u8>(row + i)))
  for (let c: usize = 0; c < k; c++) {
    if (load<u8>(flags + c) == 0) continue
    const other = state + c * width
    const scalar = load<u8>(other + p)
    if (scalar != 0) addOne(other, kept, NIBBLES + (<usize>scalar << 5), width)
  }
  store<u8>(flags + p, 1)
  return pivot
}
