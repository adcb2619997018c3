/** Frames of RFC 6455 §5.2, as a client writes them. */
import type { RandomBytes } from '../../async/index.ts'

/** RFC 6455 §11.8. */
export const OPCODE = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const

/** A control frame's payload (§5.5). */
export const MAX_CONTROL_BYTES = 125

/** Lengths up to 125 stand in the second byte, then 16 bits follow it, then 64 (§5.2). */
const LENGTH_16 = 126
const LENGTH_64 = 127
const MASK_BYTES = 4

export interface OutgoingFrame {
  readonly opcode: number
  /** The last frame of its message. */
  readonly fin: boolean
  readonly payload: Uint8Array
}

/**
 * The bytes of a frame, masked with a fresh key: an intermediary must not be able to be fed bytes of a caller's choice (§10.3).
 * @param random unpredictable: four bytes a frame are taken from it
 */
export function encodeFrame({ opcode, fin, payload }: OutgoingFrame, random: RandomBytes): Uint8Array {
  const { length } = payload
  const lengthBytes = length < LENGTH_16 ? 0 : length < 0x1_0000 ? 2 : 8
  const maskAt = 2 + lengthBytes
  const frame = new Uint8Array(maskAt + MASK_BYTES + length)
  const view = new DataView(frame.buffer)
  frame[0] = (fin ? 0x80 : 0) | opcode
  frame[1] = 0x80 | (lengthBytes === 0 ? length : lengthBytes === 2 ? LENGTH_16 : LENGTH_64)
  if (lengthBytes === 2) view.setUint16(2, length)
  else if (lengthBytes === 8) view.setBigUint64(2, BigInt(length))
  const mask = random(MASK_BYTES)
  frame.set(mask, maskAt)
  frame.set(payload, maskAt + MASK_BYTES)
  applyMask(frame.subarray(maskAt + MASK_BYTES), mask)
  return frame
}

/** §5.3: its own inverse. */
function applyMask(bytes: Uint8Array, mask: Uint8Array): void {
  const [first = 0, second = 0, third = 0, fourth = 0] = mask
  const whole = bytes.length - (bytes.length % MASK_BYTES)
  for (let at = 0; at < whole; at += MASK_BYTES) {
    bytes[at] = (bytes[at] ?? 0) ^ first
    bytes[at + 1] = (bytes[at + 1] ?? 0) ^ second
    bytes[at + 2] = (bytes[at + 2] ?? 0) ^ third
    bytes[at + 3] = (bytes[at + 3] ?? 0) ^ fourth
  }
  for (let at = whole; at < bytes.length; at++) bytes[at] = (bytes[at] ?? 0) ^ (mask[at % MASK_BYTES] ?? 0)
}
