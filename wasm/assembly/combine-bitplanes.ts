// Linear combinations without a multiplication, for many rows: the method of four Russians over bit planes.
//
// Write each scalar as a sum of powers of two. Then row = sum over bits b of 2^b * (XOR of the inputs whose scalar has bit b),
// evaluated by Horner's rule with one doubling a bit. The XORs are shared: inputs go in groups of GROUP, all 2^GROUP sums of
// a group are tabulated for a 64-byte column, and a row picks one entry a group and bit. Only strict SIMD is needed, and from
// about 20 rows on it beats look-up even where the engine has a native byte shuffle.

import { reductionMask } from './gf256'

/** Inputs a table. 4 is as fast for 8 rows and 12 % slower for 40; 6 is 12 % slower for 8 and as fast for 40. */
export const GROUP: usize = 5
const COLUMN_BYTES: usize = 64
/** Bytes of a table: the sums of every subset of a group. */
const TABLE_BYTES: usize = COLUMN_BYTES << GROUP
/**
 * Columns go through as many inputs as there are, more than the processor's prefetcher follows. So this much of every input is
 * read ahead in one go, when the reads can overlap: 8 to 12 % faster. 256 to 1,024 bytes are alike.
 */
const AHEAD_BYTES: usize = 512

// @ts-ignore: decorator
@inline export function double(x: v128, zero: v128, reduction: v128): v128 {
  return v128.xor(i8x16.add(x, x), v128.and(i8x16.lt_s(x, zero), reduction))
}

// @ts-ignore: decorator
@inline export function groups(count: usize): usize {
  return (count + GROUP - 1) / GROUP
}

// @ts-ignore: decorator
@inline function picksBytes(rows: usize, count: usize): usize {
  return (rows * 8 * groups(count) * 4 + 63) & ~63
}

/** Bytes of scratch that `combineByPlanes` needs: one u32 per row, bit and group, then the tables. */
export function scratchBytes(rows: usize, count: usize): usize {
  return picksBytes(rows, count) + groups(count) * TABLE_BYTES
}

export function combineByPlanes(outputs: usize, rows: usize, inputs: usize, count: usize, coefficients: usize, scratch: usize, length: usize): void {
  const tables = scratch + picksBytes(rows, count)
  planPicks(rows, count, coefficients, scratch, tables)
  // the sum of none, the same for every column
  for (let g: usize = 0; g < groups(count); g++) memory.fill(tables + g * TABLE_BYTES, 0, COLUMN_BYTES)
  for (let from: usize = 0; from < length; from += AHEAD_BYTES) {
    const to = min(from + AHEAD_BYTES, length)
    readAhead(inputs, count, from, to)
    for (let at = from; at < to; at += COLUMN_BYTES) {
      tabulate(inputs, count, at, tables)
      sumColumn(outputs, rows, groups(count), at, scratch)
    }
  }
}

// Loads may trap, so no compiler removes them for their values not being used.
function readAhead(inputs: usize, count: usize, from: usize, to: usize): void {
  for (let j: usize = 0; j < count; j++) {
    const input = <usize>load<u32>(inputs + (j << 2))
    for (let at = input + from, end = input + to; at < end; at += COLUMN_BYTES) load<u8>(at)
  }
}

// @ts-ignore: decorator
@inline function tabulate(inputs: usize, count: usize, at: usize, table: usize): void {
  for (let j: usize = 0; j < count; table += TABLE_BYTES) {
    // a short last group leaves entries of an earlier column behind, which nobody picks
    for (let half: usize = COLUMN_BYTES; half < TABLE_BYTES && j < count; half <<= 1, j++) {
      const s = <usize>load<u32>(inputs + (j << 2)) + at
      const x0 = v128.load(s), x1 = v128.load(s, 16), x2 = v128.load(s, 32), x3 = v128.load(s, 48)
      for (let q = table; q < table + half; q += COLUMN_BYTES) {
        v128.store(q + half, v128.xor(x0, v128.load(q)))
        v128.store(q + half, v128.xor(x1, v128.load(q, 16)), 16)
        v128.store(q + half, v128.xor(x2, v128.load(q, 32)), 32)
        v128.store(q + half, v128.xor(x3, v128.load(q, 48)), 48)
      }
    }
  }
}

// @ts-ignore: decorator
@inline function sumColumn(outputs: usize, rows: usize, n: usize, at: usize, pick: usize): void {
  const zero = i8x16.splat(0), reduction = reductionMask()
  for (let row: usize = 0; row < rows; row++) {
    let y0 = zero, y1 = zero, y2 = zero, y3 = zero
    for (let bit = 0; bit < 8; bit++) {
      y0 = double(y0, zero, reduction)
      y1 = double(y1, zero, reduction)
      y2 = double(y2, zero, reduction)
      y3 = double(y3, zero, reduction)
      for (const end = pick + (n << 2); pick < end; pick += 4) {
        const q = <usize>load<u32>(pick)
        y0 = v128.xor(y0, v128.load(q))
        y1 = v128.xor(y1, v128.load(q, 16))
        y2 = v128.xor(y2, v128.load(q, 32))
        y3 = v128.xor(y3, v128.load(q, 48))
      }
    }
    const d = <usize>load<u32>(outputs + (row << 2)) + at
    v128.store(d, y0)
    v128.store(d, y1, 16)
    v128.store(d, y2, 32)
    v128.store(d, y3, 48)
  }
}

/**
 * The entry of a group's table that a bit of its scalars picks: bit i of its number stands for input i of the group. One multiplication
 * gathers the lowest bits of eight bytes into the highest byte.
 * @param left scalars from here to the end of the row
 */
// @ts-ignore: decorator
@inline export function entryOf(scalars: usize, left: usize, bit: u64): usize {
  // reads up to seven bytes of what follows the coefficients, and masks them out
  const group = load<u64>(scalars) & (<u64>-1 >>> <u64>(64 - 8 * min(GROUP, left)))
  return <usize>((((group >>> bit) & 0x0101_0101_0101_0101) * 0x0102_0408_1020_4080) >>> 56)
}

// For every row, bit (highest first) and group: the address of the table entry to add.
function planPicks(rows: usize, count: usize, coefficients: usize, picks: usize, tables: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    for (let bit: u64 = 7; <i64>bit >= 0; bit--) {
      let table = tables
      for (let j: usize = 0; j < count; j += GROUP) {
        store<u32>(picks, <u32>(table + entryOf(coefficients + j, count - j, bit) * COLUMN_BYTES))
        picks += 4
        table += TABLE_BYTES
      }
    }
    coefficients += count
  }
}
