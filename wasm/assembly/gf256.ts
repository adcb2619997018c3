// GF(2^8) with polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11D) and generator 2.

const POLYNOMIAL: u32 = 0x11d
const EXP: usize = memory.data(512, 64)
const LOG: usize = memory.data(256, 64)
/** For every scalar c: its products with 0..15, then with 0x00, 0x10 .. 0xF0. 32 bytes a scalar. */
export const NIBBLES: usize = memory.data(8_192, 64)

// @ts-ignore: decorator
@inline export function multiply(a: u32, b: u32): u32 {
  return a != 0 && b != 0 ? load<u8>(EXP + load<u8>(LOG + a) + load<u8>(LOG + b)) : 0
}

/** @param a not zero */
// @ts-ignore: decorator
@inline export function inverse(a: u32): u32 {
  return load<u8>(EXP + 255 - load<u8>(LOG + a))
}

export function makeTables(): void {
  let x: u32 = 1
  for (let i: u32 = 0; i < 255; i++) {
    store<u8>(EXP + i, x)
    store<u8>(EXP + i + 255, x)
    store<u8>(LOG + x, i)
    x <<= 1
    if ((x & 0x100) != 0) x ^= POLYNOMIAL
  }
  for (let c: u32 = 0; c < 256; c++) {
    for (let i: u32 = 0; i < 16; i++) {
      store<u8>(NIBBLES + c * 32 + i, multiply(c, i))
      store<u8>(NIBBLES + c * 32 + 16 + i, multiply(c, i << 4))
    }
  }
}

// With RELAXED the engine may use its native table look-up, whose result for an index over 15 is its own affair; ours never is.
// @ts-ignore: decorator
@inline export function lookup(table: v128, index: v128): v128 {
  return isDefined(RELAXED) ? i8x16.relaxed_swizzle(table, index) : i8x16.swizzle(table, index)
}

// @ts-ignore: decorator
@inline export function lowNibbles(x: v128): v128 {
  return v128.and(x, i8x16.splat(15))
}

// @ts-ignore: decorator
@inline export function highNibbles(x: v128): v128 {
  return v128.and(i16x8.shr_u(x, 4), i8x16.splat(15))
}

// @ts-ignore: decorator
@inline export function product(low: v128, high: v128, tableLow: v128, tableHigh: v128): v128 {
  return v128.xor(lookup(tableLow, low), lookup(tableHigh, high))
}
