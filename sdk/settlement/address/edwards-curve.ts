/** The one question about Curve25519 that deriving addresses needs (RFC 8032, section 5.1.3), without a library of 13 KiB for it. */

const P = 2n ** 255n - 19n
/** -121665/121666 mod p */
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n
const HALF = (P - 1n) / 2n

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
  return product === 0n || power(product, HALF) === 1n
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let left = exponent, square = base; left > 0n; left >>= 1n, square = (square * square) % P) {
    if (left & 1n) result = (result * square) % P
  }
  return result
}
