/** Sums that refuse to wrap, and shares that round down. */
#pragma once
#include "interface.h"

constexpr u64 FEE_DENOMINATOR = 10000;

static inline result add(u64 a, u64 b, u64 *sum) {
  return __builtin_add_overflow(a, b, sum) ? ARITHMETIC_OVERFLOW : 0;
}

static inline result subtract(u64 a, u64 b, u64 *difference) {
  return __builtin_sub_overflow(a, b, difference) ? ARITHMETIC_OVERFLOW : 0;
}

/** The 128-bit product in two halves; BPF multiplies to 64 bits and clang has no library to call. */
static void multiply(u64 a, u64 b, u64 *high, u64 *low) {
  const u64 mask = 0xffffffff;
  const u64 low_low = (a & mask) * (b & mask);
  const u64 low_high = (a & mask) * (b >> 32);
  const u64 high_low = (a >> 32) * (b & mask);
  const u64 middle = high_low + (low_low >> 32) + (low_high & mask);
  *high = (a >> 32) * (b >> 32) + (low_high >> 32) + (middle >> 32);
  *low = middle << 32 | (low_low & mask);
}

/** floor(a * b / divisor) */
static result multiply_divide(u64 a, u64 b, u64 divisor, u64 *quotient) {
  u64 high;
  u64 low;
  multiply(a, b, &high, &low);
  if (high >= divisor)
    return ARITHMETIC_OVERFLOW; /* also a divisor of 0 */
  if (high == 0) {
    *quotient = low / divisor;
    return 0;
  }
  for (int bit = 0; bit < 64; bit++) {
    const bool carry = high >> 63;
    high = high << 1 | low >> 63;
    low <<= 1;
    if (carry || high >= divisor) {
      high -= divisor;
      low |= 1;
    }
  }
  *quotient = low;
  return 0;
}

static inline result fee_of(u64 amount, u16 fee_bps, u64 *fee) {
  return multiply_divide(amount, fee_bps, FEE_DENOMINATOR, fee);
}
