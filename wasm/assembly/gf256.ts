// GF(2^8) with polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11D) and generator 2.

const POLYNOMIAL: u32 = 0x11d
const EXP: usize = memory.data(512, 64)
const LOG: usize = memory.data(256, 64)
/** For every scalar c: its products with 0..15, then with 0x00, 0x10 .. 0xF0. 32 bytes a scalar. */
export const NIBBLES: usize = memory.data(8_192, 64)
/** 16 bytes of 0x0F, then 16 bytes of 0x1D, the polynomial without its highest term. */
const MASKS: usize = memory.data(32, 64)

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
  for (let i: u32 = 0; i < 16; i++) {
    store<u8>(MASKS + i, 0x0f)
    store<u8>(MASKS + 16 + i, POLYNOMIAL)
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

// Vector constants come from memory, once a call: V8 (13.6 at least) builds a constant anew at each use, in three instructions
// that cost recoding half its speed, but keeps what was loaded in a register.

/** 0x0F in every byte. */
// @ts-ignore: decorator
@inline export function nibbleMask(): v128 {
  return v128.load(MASKS)
}

/** 0x1D in every byte. */
// @ts-ignore: decorator
@inline export function reductionMask(): v128 {
  return v128.load(MASKS, 16)
}

/** sum + x * scalar, the scalar given by its two table vectors. */
// @ts-ignore: decorator
@inline export function addProduct(sum: v128, x: v128, mask: v128, tableLow: v128, tableHigh: v128): v128 {
  return v128.xor(sum, product(v128.and(x, mask), v128.and(i16x8.shr_u(x, 4), mask), tableLow, tableHigh))
}

// @ts-ignore: decorator
@inline export function product(low: v128, high: v128, tableLow: v128, tableHigh: v128): v128 {
  return v128.xor(lookup(tableLow, low), lookup(tableHigh, high))
}
