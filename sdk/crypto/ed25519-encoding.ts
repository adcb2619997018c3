/**
 * The checks on Ed25519 point encodings that libraries disagree about, made before any of them is asked: OpenSSL 3.0 (Node 20
 * and 22) takes small-order keys, in any spelling, OpenSSL 3.5 (Node 24) and noble do not; a network needs one verdict
 * (Chalkias, Garillot and Nikolaenko, "Taming the many EdDSAs", 2020, §3).
 */

/** y of the eight points whose order divides 8, little-endian, without the sign bit: 0, 1, -1, and ±y for order 8. */
const SMALL_ORDER_Y: readonly string[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'
]

/**
 * Whether 32 bytes are a canonical encoding (y < 2^255 - 19, RFC 8032 §5.1.3) of something other than a small-order
 * point. Says nothing about whether y is on the curve. Public data: not constant time.
 */
export function isCanonicalLargeOrder(encoded: Uint8Array): boolean {
  return !isAtLeastP(encoded) && !SMALL_ORDER_Y.includes(hexWithoutSign(encoded))
}

/** 2^255 - 19 is `ed ff … ff 7f`, so y >= p means: all middle bytes ff, the last 7f, the first at least ed. */
function isAtLeastP(encoded: Uint8Array): boolean {
  const [first = 0] = encoded
  const last = encoded[31] ?? 0
  return (last & 0x7f) === 0x7f && first >= 0xed && encoded.subarray(1, 31).every(byte => byte === 0xff)
}

function hexWithoutSign(encoded: Uint8Array): string {
  let hex = ''
  for (const [index, byte] of encoded.entries())
    hex += (index === 31 ? byte & 0x7f : byte).toString(16).padStart(2, '0')
  return hex
}
