import { CraftecError } from '../errors/index.ts'

const HASH_BYTES = 32
/** RFC 5869 §2.3: the block number is one byte. */
const MAX_BLOCKS = 255

/** HKDF-Expand of RFC 5869 §2.3 over `hmac` (HMAC-SHA256). */
export function hkdfExpandWith(
  hmac: (key: Uint8Array, data: Uint8Array) => Uint8Array,
  prk: Uint8Array,
  info: Uint8Array,
  length: number
): Uint8Array {
  if (!Number.isInteger(length) || length < 1 || length > MAX_BLOCKS * HASH_BYTES)
    throw new CraftecError(
      'invalid-argument',
      `HKDF output: expected 1..${MAX_BLOCKS * HASH_BYTES} bytes, got ${length}`
    )
  const output = new Uint8Array(length)
  // T(n) = HMAC(PRK, T(n-1) ‖ info ‖ n); T(0) is empty.
  const input = new Uint8Array(HASH_BYTES + info.length + 1)
  input.set(info, HASH_BYTES)
  for (let block = 1, at = 0; at < length; block++, at += HASH_BYTES) {
    input[input.length - 1] = block
    const previous = hmac(prk, block === 1 ? input.subarray(HASH_BYTES) : input)
    output.set(previous.subarray(0, Math.min(HASH_BYTES, length - at)), at)
    input.set(previous)
  }
  return output
}
