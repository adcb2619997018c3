// Linear combinations by split-nibble look-up: a product is two 16-entry table look-ups and an XOR.

import { highNibbles, lowNibbles, NIBBLES, product } from './gf256'

/** Outputs stay in the first-level cache while the inputs stream past them. Flat from 512 B to 64 KiB when measured. */
const STRIPE_BYTES: usize = 4_096

// @ts-ignore: decorator
@inline function address(list: usize, index: usize): usize {
  return <usize>load<u32>(list + (index << 2))
}

/** Four outputs at a time, one input at a time: the eight table vectors of the four scalars stay in registers. `rows` is a multiple of 4. */
export function combineFourRows(outputs: usize, rows: usize, inputs: usize, count: usize, coefficients: usize, length: usize): void {
  for (let from: usize = 0; from < length; from += STRIPE_BYTES) {
    const to = min(from + STRIPE_BYTES, length)
    for (let row: usize = 0; row < rows; row += 4) {
      const a = address(outputs, row), b = address(outputs, row + 1), c = address(outputs, row + 2), d = address(outputs, row + 3)
      memory.fill(a + from, 0, to - from)
      memory.fill(b + from, 0, to - from)
      memory.fill(c + from, 0, to - from)
      memory.fill(d + from, 0, to - from)
      const scalars = coefficients + row * count
      for (let j: usize = 0; j < count; j++) {
        addToFour(
          a, b, c, d, address(inputs, j),
          table(scalars + j), table(scalars + count + j), table(scalars + 2 * count + j), table(scalars + 3 * count + j),
          from, to
        )
      }
    }
  }
}

// @ts-ignore: decorator
@inline function table(scalar: usize): usize {
  return NIBBLES + (<usize>load<u8>(scalar) << 5)
}

function addToFour(a: usize, b: usize, c: usize, d: usize, input: usize, ta: usize, tb: usize, tc: usize, td: usize, from: usize, to: usize): void {
  const al = v128.load(ta), ah = v128.load(ta, 16), bl = v128.load(tb), bh = v128.load(tb, 16)
  const cl = v128.load(tc), ch = v128.load(tc, 16), dl = v128.load(td), dh = v128.load(td, 16)
  for (; from < to; from += 16) {
    const x = v128.load(input + from), low = lowNibbles(x), high = highNibbles(x)
    v128.store(a + from, v128.xor(v128.load(a + from), product(low, high, al, ah)))
    v128.store(b + from, v128.xor(v128.load(b + from), product(low, high, bl, bh)))
    v128.store(c + from, v128.xor(v128.load(c + from), product(low, high, cl, ch)))
    v128.store(d + from, v128.xor(v128.load(d + from), product(low, high, dl, dh)))
  }
}

/** One output: four inputs at a time, so that the output is read and written a quarter as often. */
export function combineOneRow(output: usize, inputs: usize, count: usize, coefficients: usize, length: usize): void {
  for (let from: usize = 0; from < length; from += STRIPE_BYTES) {
    const to = min(from + STRIPE_BYTES, length)
    memory.fill(output + from, 0, to - from)
    let j: usize = 0
    for (; j + 4 <= count; j += 4) {
      addFour(
        output, address(inputs, j), address(inputs, j + 1), address(inputs, j + 2), address(inputs, j + 3),
        table(coefficients + j), table(coefficients + j + 1), table(coefficients + j + 2), table(coefficients + j + 3),
        from, to
      )
    }
    for (; j < count; j++) addOne(output, address(inputs, j), table(coefficients + j), from, to)
  }
}

function addFour(output: usize, a: usize, b: usize, c: usize, d: usize, ta: usize, tb: usize, tc: usize, td: usize, from: usize, to: usize): void {
  const al = v128.load(ta), ah = v128.load(ta, 16), bl = v128.load(tb), bh = v128.load(tb, 16)
  const cl = v128.load(tc), ch = v128.load(tc, 16), dl = v128.load(td), dh = v128.load(td, 16)
  for (; from < to; from += 16) {
    let sum = v128.load(output + from)
    let x = v128.load(a + from)
    sum = v128.xor(sum, product(lowNibbles(x), highNibbles(x), al, ah))
    x = v128.load(b + from)
    sum = v128.xor(sum, product(lowNibbles(x), highNibbles(x), bl, bh))
    x = v128.load(c + from)
    sum = v128.xor(sum, product(lowNibbles(x), highNibbles(x), cl, ch))
    x = v128.load(d + from)
    sum = v128.xor(sum, product(lowNibbles(x), highNibbles(x), dl, dh))
    v128.store(output + from, sum)
  }
}

/** output[from..to) += scalar * input[from..to), with the scalar given by its table. */
export function addOne(output: usize, input: usize, scalarTable: usize, from: usize, to: usize): void {
  const tableLow = v128.load(scalarTable), tableHigh = v128.load(scalarTable, 16)
  for (; from < to; from += 16) {
    const x = v128.load(input + from)
    v128.store(output + from, v128.xor(v128.load(output + from), product(lowNibbles(x), highNibbles(x), tableLow, tableHigh)))
  }
}
