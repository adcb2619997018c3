/** The one question about Curve25519 that deriving addresses needs (RFC 8032, section 5.1.3), without a library of 13 KiB for it. */

const P = 2n ** 255n - 19n
/** -121665/121666 mod p */
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n

/**
 * Whether 32 bytes are the encoding of a point: then somebody may know a secret key for them, and they are no program's address.
 * Like Solana's own check it takes y modulo p, and both signs of x = 0.
 */
export function isOnCurve(bytes: Uint8Array): boolean {
  let y = 0n
  for (let at = bytes.length - 1; at >= 0; at--) y = (y << 8n) | BigInt(bytes[at] ?? 0)
  y = (y & (2n ** 255n - 1n)) % P
  const ySquared = (y * y) % P
  // x² = (y² - 1) / (d y² + 1); a quotient is a square exactly when the product is.
  const product = ((ySquared - 1n + P) * (D * ySquared + 1n)) % P
  return product === 0n || isSquare(product)
}

/** Euler's criterion: value ** ((p - 1) / 2) is 1. The exponent 2²⁵⁴ - 10 is 16 (2²⁵⁰ - 1) + 6. */
function isSquare(value: bigint): boolean {
  const cubed = (((value * value) % P) * value) % P
  return (squared(allOnes(value, 250), 4) * squared(cubed, 1)) % P === 1n
}

/** base ** (2 ** bits - 1): half the multiplications of going through the bits, for all of them are set. */
function allOnes(base: bigint, bits: number): bigint {
  if (bits === 1) return base
  const half = bits >> 1
  const ones = allOnes(base, half)
  const even = (squared(ones, half) * ones) % P
  return bits % 2 === 0 ? even : (squared(even, 1) * base) % P
}

/** value ** (2 ** times) */
function squared(value: bigint, times: number): bigint {
  let result = value
  for (let count = 0; count < times; count++) result = (result * result) % P
  return result
}
