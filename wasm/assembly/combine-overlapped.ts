// Bit planes for a few rows (see combine-bitplanes.ts for the method), where making the tables takes as long as summing from them. Tables
// are made by stores and rows are summed by loads, which a processor can do at the same time, if they are not far apart. So there are
// two tables a group: while a row of this column is summed, a group of the next column is tabulated, eight entries after each bit.

import { double, entryOf, GROUP, groups } from './combine-bitplanes'
import { reductionMask } from './gf256'

/** Two vectors, so that both tables of all groups of 40 inputs take half of a first-level cache of 32 KiB. */
const COLUMN_BYTES: usize = 32
const TABLE_BYTES: usize = COLUMN_BYTES << GROUP
const EIGHT_ENTRIES: usize = 8 * COLUMN_BYTES
/** The two tables of a group lie side by side, one group after the other. */
const GROUP_BYTES: usize = 2 * TABLE_BYTES
/** For 14 groups, as many as 12 rows can have. So low in memory that 16 bits address an entry: two picks a load. */
const TABLES: usize = memory.data(28_672, 64)
const ZERO: usize = memory.data(16, 16)
const LIST_BYTES: usize = GROUP * 4
/** Picks are read in fours; what is missing picks the sum of nothing. */
const PICKS: usize = 4
/** Read in one go of every input, as the reads can overlap then. */
const AHEAD_BYTES: usize = 512
const LINE_BYTES: usize = 64

/**
 * Whether this is the faster way: 1.1 times for 6 to 12 rows of 40 inputs. With more rows summing alone is most of the work and does it better from
 * tables of whole cache lines; with more groups than rows the rest of the tables overlaps with nothing.
 */
export function overlaps(rows: usize, count: usize): bool {
  return rows <= 12 && groups(count) <= rows + 2
}

/** Bytes of the picks of one bit of one row. */
// @ts-ignore: decorator
@inline function bitBytes(count: usize): usize {
  return ((groups(count) + PICKS - 1) / PICKS) * PICKS * 2
}

/** Bytes of scratch: the picks for either table, then the addresses of all groups' inputs. */
export function overlappedScratchBytes(rows: usize, count: usize): usize {
  return 2 * rows * 8 * bitBytes(count) + groups(count) * LIST_BYTES
}

/** For shapes that `overlaps` says yes to. */
export function combineOverlapped(outputs: usize, rows: usize, inputs: usize, count: usize, coefficients: usize, scratch: usize, length: usize): void {
  const n = groups(count), perBit = bitBytes(count), perRow = perBit << 3, lists = scratch + 2 * rows * perRow
  let tables = TABLES, nextTables = TABLES + TABLE_BYTES, picks = scratch, nextPicks = scratch + rows * perRow
  planPicks(rows, count, coefficients, picks, tables)
  planPicks(rows, count, coefficients, nextPicks, nextTables)
  memory.copy(lists, inputs, count << 2)
  // a short last group is filled up with an input whose sums nobody picks
  for (let j = count; j < n * GROUP; j++) store<u32>(lists + (j << 2), load<u32>(inputs))

  readAhead(inputs, count, 0, min(AHEAD_BYTES, length))
  tabulate(lists, 0, n, 0, tables)
  for (let at: usize = 0; at < length; at += COLUMN_BYTES) {
    const next = at + COLUMN_BYTES, isLast = next >= length
    if (next % AHEAD_BYTES == 0) readAhead(inputs, count, next, min(next + AHEAD_BYTES, length))
    const built: usize = isLast ? 0 : min(n, rows)
    let row: usize = 0
    for (; row < built; row++) {
      const to = address(outputs, row) + at
      sumAndTabulate(to, picks + row * perRow, perBit, lists + row * LIST_BYTES, next, nextTables + row * GROUP_BYTES)
    }
    for (; row < rows; row++) sum(address(outputs, row) + at, picks + row * perRow, perBit)
    if (!isLast) tabulate(lists, built, n, next, nextTables)
    const swappedPicks = picks, swappedTables = tables
    picks = nextPicks
    tables = nextTables
    nextPicks = swappedPicks
    nextTables = swappedTables
  }
}

// @ts-ignore: decorator
@inline function address(list: usize, index: usize): usize {
  return <usize>load<u32>(list + (index << 2))
}

function readAhead(inputs: usize, count: usize, from: usize, to: usize): void {
  for (let j: usize = 0; j < count; j++)
    for (let at = address(inputs, j) + from, end = address(inputs, j) + to; at < end; at += LINE_BYTES) load<u8>(at)
}

/** Groups `from` to `n`. */
function tabulate(lists: usize, from: usize, n: usize, at: usize, tables: usize): void {
  const zero = v128.load(ZERO)
  for (let g = from; g < n; g++) {
    const list = lists + g * LIST_BYTES
    for (let i: usize = 0; i < COLUMN_BYTES; i += 16) {
      const x = at + i, table = tables + g * GROUP_BYTES + i
      const a = v128.load(address(list, 0) + x), b = v128.load(address(list, 1) + x), c = v128.load(address(list, 2) + x)
      const d = v128.load(address(list, 3) + x), e = v128.load(address(list, 4) + x)
      tabulateEight(table, zero, a, b, c)
      tabulateEight(table + EIGHT_ENTRIES, d, a, b, c)
      tabulateEight(table + 2 * EIGHT_ENTRIES, e, a, b, c)
      tabulateEight(table + 3 * EIGHT_ENTRIES, v128.xor(d, e), a, b, c)
    }
  }
}

/** The sums of `x` and any of three inputs, in Gray's order: one XOR an entry, and nothing is read again. */
// @ts-ignore: decorator
@inline function tabulateEight(table: usize, x: v128, a: v128, b: v128, c: v128): void {
  v128.store(table, x)
  x = v128.xor(x, a)
  v128.store(table, x, 32)
  x = v128.xor(x, b)
  v128.store(table, x, 96)
  x = v128.xor(x, a)
  v128.store(table, x, 64)
  x = v128.xor(x, c)
  v128.store(table, x, 192)
  x = v128.xor(x, a)
  v128.store(table, x, 224)
  x = v128.xor(x, b)
  v128.store(table, x, 160)
  x = v128.xor(x, a)
  v128.store(table, x, 128)
}

/** y plus what four picks point at, two picks a word. */
// @ts-ignore: decorator
@inline function addFour(y: v128, p: usize, q: usize, offset: usize): v128 {
  y = v128.xor(y, v128.load((p & 0xffff) + offset))
  y = v128.xor(y, v128.load((p >>> 16) + offset))
  y = v128.xor(y, v128.load((q & 0xffff) + offset))
  return v128.xor(y, v128.load((q >>> 16) + offset))
}

// @ts-ignore: decorator
@inline function sum(output: usize, pick: usize, perBit: usize): void {
  const zero = v128.load(ZERO), reduction = reductionMask()
  let y = zero, z = zero
  for (let bit = 0; bit < 8; bit++) {
    y = double(y, zero, reduction)
    z = double(z, zero, reduction)
    for (const end = pick + perBit; pick < end; pick += 8) {
      const p = <usize>load<u32>(pick), q = <usize>load<u32>(pick, 4)
      y = addFour(y, p, q, 0)
      z = addFour(z, p, q, 16)
    }
  }
  v128.store(output, y)
  v128.store(output, z, 16)
}

/** `sum`, and a table beside it. Written out: a loop over the bits that chooses what to tabulate loses all that is gained. */
// @ts-ignore: decorator
@inline function sumAndTabulate(output: usize, pick: usize, perBit: usize, list: usize, at: usize, table: usize): void {
  const zero = v128.load(ZERO), reduction = reductionMask()
  const in0 = address(list, 0) + at, in1 = address(list, 1) + at, in2 = address(list, 2) + at
  const in3 = address(list, 3) + at, in4 = address(list, 4) + at
  let a = v128.load(in0), b = v128.load(in1), c = v128.load(in2), d = v128.load(in3), e = v128.load(in4)
  let y = zero, z = zero
  for (const end = pick + perBit; pick < end; pick += 8) {
    const p = <usize>load<u32>(pick), q = <usize>load<u32>(pick, 4)
    y = addFour(y, p, q, 0)
    z = addFour(z, p, q, 16)
  }
  tabulateEight(table, zero, a, b, c)
  y = double(y, zero, reduction)
  z = double(z, zero, reduction)
  for (const end = pick + perBit; pick < end; pick += 8) {
    const p = <usize>load<u32>(pick), q = <usize>load<u32>(pick, 4)
    y = addFour(y, p, q, 0)
    z = addFour(z, p, q, 16)
  }
  tabulateEight(table + EIGHT_ENTRIES, d, a, b, c)
  y = double(y, zero, reduction)
  z = double(z, zero, reduction)
  for (const end = pick + perBit; pick < end; pick += 8) {
    const p = <usize>load<u32>(pick), q = <usize>load<u32>(pick, 4)
    y = addFour(y, p, q, 0)
    z = addFour(z, p, q, 16)
  }
  tabulateEight(table + 2 * EIGHT_ENTRIES, e, a, b, c)
  y = double(y, zero, reduction)
  z = double(z, zero, reduction)
  for (const end = pick + perBit; pick < end; pick += 8) {
    const p = <usize>load<u32>(pick), q = <usize>load<u32>(pick, 4)
    y = addFour(y, p, q, 0)
    z = addFour(z, p, q, 16)
  }
  tabulateEight(table + 3 * EIGHT_ENTRIES, v128.xor(d, e), a, b, c)
  y = double(y, zero, reduction)
  z = double(z, zero, reduction)
  for (const end = pick + perBit; pick < end; pick += 8) {
    const p = <usize>load<u32>(pick), q = <usize>load<u32>(pick, 4)
    y = addFour(y, p, q, 0)
    z = addFour(z, p, q, 16)
  }
  a = v128.load(in0, 16)
  b = v128.load(in1, 16)
  c = v128.load(in2, 16)
  d = v128.load(in3, 16)
  e = v128.load(in4, 16)
  tabulateEight(table + 16, zero, a, b, c)
  y = double(y, zero, reduction)
  z = double(z, zero, reduction)
  for (const end = pick + perBit; pick < end; pick += 8) {
    const p = <usize>load<u32>(pick), q = <usize>load<u32>(pick, 4)
    y = addFour(y, p, q, 0)
    z = addFour(z, p, q, 16)
  }
  tabulateEight(table + EIGHT_ENTRIES + 16, d, a, b, c)
  y = double(y, zero, reduction)
  z = double(z, zero, reduction)
  for (const end = pick + perBit; pick < end; pick += 8) {
    const p = <usize>load<u32>(pick), q = <usize>load<u32>(pick, 4)
    y = addFour(y, p, q, 0)
    z = addFour(z, p, q, 16)
  }
  tabulateEight(table + 2 * EIGHT_ENTRIES + 16, e, a, b, c)
  y = double(y, zero, reduction)
  z = double(z, zero, reduction)
  for (const end = pick + perBit; pick < end; pick += 8) {
    const p = <usize>load<u32>(pick), q = <usize>load<u32>(pick, 4)
    y = addFour(y, p, q, 0)
    z = addFour(z, p, q, 16)
  }
  tabulateEight(table + 3 * EIGHT_ENTRIES + 16, v128.xor(d, e), a, b, c)
  v128.store(output, y)
  v128.store(output, z, 16)
}

// For every row, bit (highest first) and group: the address of the table entry to add.
function planPicks(rows: usize, count: usize, coefficients: usize, picks: usize, tables: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    for (let bit: u64 = 7; <i64>bit >= 0; bit--) {
      const end = picks + bitBytes(count)
      let table = tables
      for (let j: usize = 0; j < count; j += GROUP, picks += 2, table += GROUP_BYTES)
        store<u16>(picks, <u16>(table + entryOf(coefficients + j, count - j, bit) * COLUMN_BYTES))
      for (; picks < end; picks += 2) store<u16>(picks, <u16>tables)
    }
    coefficients += count
  }
}
