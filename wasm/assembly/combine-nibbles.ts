// Linear combinations by split-nibble look-up: a product is two 16-entry table look-ups and an XOR.
// Inner loops take 64 bytes a turn at fixed distances from one sum per pointer; one vector a turn was up to a seventh slower.

import { addProduct, NIBBLES, nibbleMask, product } from './gf256'

/** Outputs stay in the first-level cache while the inputs stream past them. 1 KiB is 15 % slower, 4 to 16 KiB are alike. */
const STRIPE_BYTES: usize = 4_096

// @ts-ignore: decorator
@inline function address(list: usize, index: usize): usize {
  return <usize>load<u32>(list + (index << 2))
}

/** Four outputs at a time, one input at a time: the eight table vectors of the four scalars stay in registers. `rows` is a multiple of 4. */
export function combineFourRows(outputs: usize, rows: usize, inputs: usize, count: usize, coefficients: usize, length: usize): void {
  for (let from: usize = 0; from < length; from += STRIPE_BYTES) {
    const bytes = min(STRIPE_BYTES, length - from)
    for (let row: usize = 0; row < rows; row += 4) {
      const a = address(outputs, row) + from, b = address(outputs, row + 1) + from
      const c = address(outputs, row + 2) + from, d = address(outputs, row + 3) + from
      memory.fill(a, 0, bytes)
      memory.fill(b, 0, bytes)
      memory.fill(c, 0, bytes)
      memory.fill(d, 0, bytes)
      const scalars = coefficients + row * count
      for (let j: usize = 0; j < count; j++) {
        addToFour(
          a, b, c, d, address(inputs, j) + from,
          table(scalars + j), table(scalars + count + j), table(scalars + 2 * count + j), table(scalars + 3 * count + j),
          bytes
        )
      }
    }
  }
}

// @ts-ignore: decorator
@inline function table(scalar: usize): usize {
  return NIBBLES + (<usize>load<u8>(scalar) << 5)
}

function addToFour(a: usize, b: usize, c: usize, d: usize, input: usize, ta: usize, tb: usize, tc: usize, td: usize, bytes: usize): void {
  const mask = nibbleMask()
  const al = v128.load(ta), ah = v128.load(ta, 16), bl = v128.load(tb), bh = v128.load(tb, 16)
  const cl = v128.load(tc), ch = v128.load(tc, 16), dl = v128.load(td), dh = v128.load(td, 16)
  for (let i: usize = 0; i < bytes; i += 64) {
    const toA = a + i, toB = b + i, toC = c + i, toD = d + i, x = input + i
    addVectorToFour(toA, toB, toC, toD, x, mask, al, ah, bl, bh, cl, ch, dl, dh)
    addVectorToFour(toA + 16, toB + 16, toC + 16, toD + 16, x + 16, mask, al, ah, bl, bh, cl, ch, dl, dh)
    addVectorToFour(toA + 32, toB + 32, toC + 32, toD + 32, x + 32, mask, al, ah, bl, bh, cl, ch, dl, dh)
    addVectorToFour(toA + 48, toB + 48, toC + 48, toD + 48, x + 48, mask, al, ah, bl, bh, cl, ch, dl, dh)
  }
}

// @ts-ignore: decorator
@inline function addVectorToFour(
  a: usize, b: usize, c: usize, d: usize, input: usize, mask: v128,
  al: v128, ah: v128, bl: v128, bh: v128, cl: v128, ch: v128, dl: v128, dh: v128
): void {
  const x = v128.load(input), low = v128.and(x, mask), high = v128.and(i16x8.shr_u(x, 4), mask)
  v128.store(a, v128.xor(v128.load(a), product(low, high, al, ah)))
  v128.store(b, v128.xor(v128.load(b), product(low, high, bl, bh)))
  v128.store(c, v128.xor(v128.load(c), product(low, high, cl, ch)))
  v128.store(d, v128.xor(v128.load(d), product(low, high, dl, dh)))
}

/** One output: four inputs at a time, so that the output is read and written a quarter as often. */
export function combineOneRow(output: usize, inputs: usize, count: usize, coefficients: usize, length: usize): void {
  for (let from: usize = 0; from < length; from += STRIPE_BYTES) {
    const bytes = min(STRIPE_BYTES, length - from), to = output + from
    memory.fill(to, 0, bytes)
    let j: usize = 0
    for (; j + 4 <= count; j += 4) {
      addFour(
        to, address(inputs, j) + from, address(inputs, j + 1) + from, address(inputs, j + 2) + from, address(inputs, j + 3) + from,
        table(coefficients + j), table(coefficients + j + 1), table(coefficients + j + 2), table(coefficients + j + 3),
        bytes
      )
    }
    for (; j < count; j++) addOne(to, address(inputs, j) + from, table(coefficients + j), bytes)
  }
}

function addFour(output: usize, a: usize, b: usize, c: usize, d: usize, ta: usize, tb: usize, tc: usize, td: usize, bytes: usize): void {
  const mask = nibbleMask()
  const al = v128.load(ta), ah = v128.load(ta, 16), bl = v128.load(tb), bh = v128.load(tb, 16)
  const cl = v128.load(tc), ch = v128.load(tc, 16), dl = v128.load(td), dh = v128.load(td, 16)
  for (let i: usize = 0; i < bytes; i += 64) {
    const to = output + i, xa = a + i, xb = b + i, xc = c + i, xd = d + i
    addFourVectors(to, xa, xb, xc, xd, mask, al, ah, bl, bh, cl, ch, dl, dh)
    addFourVectors(to + 16, xa + 16, xb + 16, xc + 16, xd + 16, mask, al, ah, bl, bh, cl, ch, dl, dh)
    addFourVectors(to + 32, xa + 32, xb + 32, xc + 32, xd + 32, mask, al, ah, bl, bh, cl, ch, dl, dh)
    addFourVectors(to + 48, xa + 48, xb + 48, xc + 48, xd + 48, mask, al, ah, bl, bh, cl, ch, dl, dh)
  }
}

// @ts-ignore: decorator
@inline function addFourVectors(
  output: usize, a: usize, b: usize, c: usize, d: usize, mask: v128,
  al: v128, ah: v128, bl: v128, bh: v128, cl: v128, ch: v128, dl: v128, dh: v128
): void {
  let sum = addProduct(v128.load(output), v128.load(a), mask, al, ah)
  sum = addProduct(sum, v128.load(b), mask, bl, bh)
  sum = addProduct(sum, v128.load(c), mask, cl, ch)
  v128.store(output, addProduct(sum, v128.load(d), mask, dl, dh))
}

/** output[0..bytes) += scalar * input[0..bytes), with the scalar given by its table; `bytes` is a multiple of 16. */
export function addOne(output: usize, input: usize, scalarTable: usize, bytes: usize): void {
  const mask = nibbleMask(), tableLow = v128.load(scalarTable), tableHigh = v128.load(scalarTable, 16)
  for (let i: usize = 0; i < bytes; i += 16)
    v128.store(output + i, addProduct(v128.load(output + i), v128.load(input + i), mask, tableLow, tableHigh))
}
