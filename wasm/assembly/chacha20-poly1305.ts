// ChaCha20-Poly1305 (RFC 8439 §2.8). The host writes key, nonce and data into the areas below, calls, and reads the result in
// place: no allocator, no runtime. Sealing all layers of an onion cell in one call was tried: copying 4 KiB in and out a layer costs
// 0.3 us of 7, so the layers stay where the protocol is, in TypeScript.

import { keystream, setup, STRIDE, xorStream } from './chacha20'
import { polyAbsorbLengths, polyAbsorbPadded, polyFinish, polyStart } from './poly1305'

const TAG_BYTES: usize = 16
const KEY_BYTES: usize = 32
const MAX_DATA_BYTES: usize = 65_536
const MAX_AAD_BYTES: usize = 1_024

const KEY: usize = memory.data(32, 16)
const NONCE: usize = memory.data(16, 16)
const AAD: usize = memory.data(1_024, 16)
const TAG: usize = memory.data(16, 16)
const EXPECTED: usize = memory.data(16, 16)
const FIRST: usize = memory.data(256, 16)
const DATA: usize = memory.data(65_536, 16)

export function keyAddress(): usize { return KEY }
export function nonceAddress(): usize { return NONCE }
export function aadAddress(): usize { return AAD }
export function tagAddress(): usize { return TAG }
export function dataAddress(): usize { return DATA }
export function maxDataBytes(): usize { return MAX_DATA_BYTES }
export function maxAadBytes(): usize { return MAX_AAD_BYTES }

/** XOR DATA[0..length) under KEY and NONCE, from block `counter` on. */
export function chacha20(length: usize, counter: u32): void {
  setup(KEY, NONCE)
  xorStream(DATA, length, counter)
}

// Block 0 gives the one-time key; blocks 1..3 come with the same call and serve the first 192 bytes.
function startMac(aadLength: usize): void {
  keystream(FIRST, 0)
  polyStart(FIRST)
  if (aadLength > 0) polyAbsorbPadded(AAD, aadLength)
}

function xorData(length: usize): void {
  const at = DATA
  const first = min<usize>(length, STRIDE - 64)
  let i: usize = 0
  for (; i + 16 <= first; i += 16) v128.store(at + i, v128.xor(v128.load(at + i), v128.load(FIRST + 64 + i)))
  for (; i < first; i++) store<u8>(at + i, load<u8>(at + i) ^ load<u8>(FIRST + 64 + i))
  if (length > first) xorStream(at + first, length - first, 4)
}

function finishMac(length: usize, aadLength: usize): void {
  polyAbsorbPadded(DATA, length)
  polyAbsorbLengths(aadLength, length)
  polyFinish(TAG)
}

/** Seal DATA[0..length) in place under KEY and NONCE; the tag is at TAG. */
export function seal(length: usize, aadLength: usize): void {
  setup(KEY, NONCE)
  startMac(aadLength)
  xorData(length)
  finishMac(length, aadLength)
}

/** Open DATA[0..length) in place if TAG fits; nothing is decrypted otherwise. */
export function open(length: usize, aadLength: usize): bool {
  memory.copy(EXPECTED, TAG, TAG_BYTES)
  setup(KEY, NONCE)
  startMac(aadLength)
  finishMac(length, aadLength)
  // both halves are compared whatever the first says
  const difference = (load<u64>(TAG) ^ load<u64>(EXPECTED)) | (load<u64>(TAG, 8) ^ load<u64>(EXPECTED, 8))
  if (difference != 0) return false
  xorData(length)
  return true
}

/** Overwrite key and data: linear memory outlives the call. */
export function wipe(): void {
  memory.fill(KEY, 0, KEY_BYTES)
  memory.fill(FIRST, 0, STRIDE)
  memory.fill(DATA, 0, MAX_DATA_BYTES)
}
