/** Points of the NIST curves from their x coordinate (SEC 1 §2.3.4). For our own list of roots: nothing here is secret or timed. */
import { decodeHex, encodeHex } from '../../codec/index.ts'
import type { Curve } from './ecdsa-signature.ts'

/** y² = x³ - 3x + b over the field of p, FIPS 186-5 / SP 800-186 §3.2.1. Both p are 3 modulo 4, which makes roots a power. */
const CURVES: Readonly<Record<Curve, { readonly p: bigint; readonly b: bigint }>> = {
  'P-256': {
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn
  },
  'P-384': {
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn
  }
}

/** @param x big-endian @returns x ‖ y, where y is odd or even as asked */
export function decompressPoint(curve: Curve, x: Uint8Array, odd: boolean): Uint8Array {
  const { p, b } = CURVES[curve]
  const value = BigInt(`0x${encodeHex(x)}`)
  const root = power((value ** 3n - 3n * value + b) % p, (p + 1n) / 4n, p)
  const y = (root & 1n) === (odd ? 1n : 0n) ? root : p - root
  return decodeHex(encodeHex(x) + y.toString(16).padStart(2 * x.length, '0'))
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  let square = ((base % modulus) + modulus) % modulus
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}
