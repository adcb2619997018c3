// Linear combinations without a multiplication, for many rows: the method of four Russians over bit planes.
//
// Write each scalar as a sum of powers of two. Then row = sum over bits b of 2^b * (XOR of the inputs whose scalar has bit b),
// evaluated by Horner's rule with one doubling a bit. The XORs are shared: inputs go in groups of GROUP, all 2^GROUP sums of
// a group are tabulated for a 64-byte column, and a row picks one entry a group and bit. Only strict SIMD is needed, and from
// about 16 rows on it beats look-up even where the engine has a native byte shuffle.

const COLUMN_BYTES: usize = 64

// @ts-ignore: decorator
@inline function double(x: v128): v128 {
  return v128.xor(i8x16.add(x, x), v128.and(i8x16.lt_s(x, i8x16.splat(0)), i8x16.splat(0x1d)))
}

// @ts-ignore: decorator
@inline function groups(group: usize, count: usize): usize {
  return (count + group - 1) / group
}

/** Bytes of scratch that `combine` needs: one u32 per row, bit and group, then the tables. */
// @ts-ignore: decorator
@inline export function scratchBytes(group: usize, rows: usize, count: usize): usize {
  const n = groups(group, count)
  return ((rows * 8 * n * 4 + 63) & ~63) + ((n << group) * COLUMN_BYTES)
}

// @ts-ignore: decorator
@inline function combine(group: usize, outputs: usize, rows: usize, inputs: usize, count: usize, coefficients: usize, scratch: usize, length: usize): void {
  const n = groups(group, count)
  const tables = scratch + ((rows * 8 * n * 4 + 63) & ~63)
  planPicks(group, n, rows, count, coefficients, scratch, tables)
  const zero = i8x16.splat(0)
  const rowPicks = n << 2
  for (let at: usize = 0; at < length; at += COLUMN_BYTES) {
    for (let g: usize = 0; g < n; g++) {
      const first = tables + ((g << group) * COLUMN_BYTES)
      v128.store(first, zero)
      v128.store(first, zero, 16)
      v128.store(first, zero, 32)
      v128.store(first, zero, 48)
      for (let i: usize = 0; i < group; i++) {
        const j = g * group + i
        // a short last group is filled up with zeros: its extra entries are copies that nobody picks
        if (j >= count) break
        const s = <usize>load<u32>(inputs + (j << 2)) + at
        const x0 = v128.load(s), x1 = v128.load(s, 16), x2 = v128.load(s, 32), x3 = v128.load(s, 48)
        const half = COLUMN_BYTES << i
        for (let q = first; q < first + half; q += COLUMN_BYTES) {
          v128.store(q + half, v128.xor(x0, v128.load(q)))
          v128.store(q + half, v128.xor(x1, v128.load(q, 16)), 16)
          v128.store(q + half, v128.xor(x2, v128.load(q, 32)), 32)
          v128.store(q + half, v128.xor(x3, v128.load(q, 48)), 48)
        }
      }
    }
    let pick = scratch
    for (let row: usize = 0; row < rows; row++) {
      let y0 = zero, y1 = zero, y2 = zero, y3 = zero
      for (let bit = 0; bit < 8; bit++) {
        y0 = double(y0)
        y1 = double(y1)
        y2 = double(y2)
        y3 = double(y3)
        for (const end = pick + rowPicks; pick < end; pick += 4) {
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
}

// For every row, bit (highest first) and group: the address of the table entry to add.
// @ts-ignore: decorator
@inline function planPicks(group: usize, n: usize, rows: usize, count: usize, coefficients: usize, picks: usize, tables: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    const scalars = coefficients + row * count
    for (let bit = 7; bit >= 0; bit--) {
      for (let g: usize = 0; g < n; g++) {
        let entry: usize = 0
        for (let i: usize = 0; i < group && g * group + i < count; i++) {
          entry |= <usize>((load<u8>(scalars + g * group + i) >>> <u8>bit) & 1) << i
        }
        store<u32>(picks, <u32>(tables + ((g << group) + entry) * COLUMN_BYTES))
        picks += 4
      }
    }
  }
}

export function combineByFour(outputs: usize, rows: usize, inputs: usize, count: usize, coefficients: usize, scratch: usize, length: usize): void {
  combine(4, outputs, rows, inputs, count, coefficients, scratch, length)
}

export function combineByFive(outputs: usize, rows: usize, inputs: usize, count: usize, coefficients: usize, scratch: usize, length: usize): void {
  combine(5, outputs, rows, inputs, count, coefficients, scratch, length)
}
