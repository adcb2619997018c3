/** QUIC variable-length integers (RFC 9000 §16): the two top bits of the first byte give the length, 1, 2, 4 or 8 bytes. */

export interface Varint {
  /** Saturates at `Number.MAX_SAFE_INTEGER`: no type, id or length that this code acts on comes near it. */
  readonly value: number
  readonly lengthBytes: number
}

/** @returns `undefined` when `bytes` ends before the integer does */
export function readVarint(bytes: Uint8Array, at: number): Varint | undefined {
  const first = bytes[at]
  if (first === undefined) return undefined
  const lengthBytes = 1 << (first >> 6)
  if (at + lengthBytes > bytes.length) return undefined
  let value = first & 0x3f
  for (const byte of bytes.subarray(at + 1, at + lengthBytes)) value = value * 256 + byte
  return { value: Math.min(value, Number.MAX_SAFE_INTEGER), lengthBytes }
}

/** The shortest form. @throws RangeError when `value` is not a safe non-negative integer */
export function encodeVarint(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a varint: ${value}`)
  const lengthBytes = value < 0x40 ? 1 : value < 0x4000 ? 2 : value < 0x4000_0000 ? 4 : 8
  const bytes = new Uint8Array(lengthBytes)
  let rest = value
  for (let i = lengthBytes - 1; i >= 0; i--) {
    bytes[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  bytes[0] = (bytes[0] ?? 0) | (Math.log2(lengthBytes) << 6)
  return bytes
}
