// ChaCha20-Poly1305 (RFC 8439 §2.8) and the layered forms that onion cells use (docs/protocol/craftnet.md §5).
// The host writes keys and data into the areas below, calls, and reads the result in place: no allocator, no runtime.

import { keystream, setup, setupNonce, STRIDE, xorStream } from './chacha20'
import { polyAbsorbLengths, polyAbsorbPadded, polyFinish, polyStart } from './poly1305'

const TAG_BYTES: usize = 16
const KEY_BYTES: usize = 32
const MAX_LAYERS: usize = 5
const MAX_DATA_BYTES: usize = 65_536
const MAX_AAD_BYTES: usize = 1_024

const KEYS: usize = memory.data(160, 16)
const FILLER_KEYS: usize = memory.data(160, 16)
const NONCE: usize = memory.data(16, 16)
const AAD: usize = memory.data(1_024, 16)
const TAG: usize = memory.data(16, 16)
const TAIL: usize = memory.data(128, 16)
const FIRST: usize = memory.data(256, 16)
// The outer layers' tags grow downwards in front of the data.
const HEADROOM_BYTES: usize = 96
const AREA: usize = memory.data(65_632, 16)
const DATA: usize = AREA + HEADROOM_BYTES

export function keysAddress(): usize { return KEYS }
export function fillerKeysAddress(): usize { return FILLER_KEYS }
export function nonceAddress(): usize { return NONCE }
export function aadAddress(): usize { return AAD }
export function tagAddress(): usize { return TAG }
export function dataAddress(): usize { return DATA }
export function maxDataBytes(): usize { return MAX_DATA_BYTES }
export function maxAadBytes(): usize { return MAX_AAD_BYTES }

/** XOR DATA[0..length) under KEYS[0] and NONCE, from block `counter` on. */
export function chacha20(length: usize, counter: u32): void {
  setupNonce(KEYS, NONCE)
  xorStream(DATA, length, counter)
}

// Block 0 gives the one-time key; blocks 1..3 come with the same call and serve the first 192 bytes.
function startMac(aadLength: usize): void {
  keystream(FIRST, 0)
  polyStart(FIRST)
  if (aadLength > 0) polyAbsorbPadded(AAD, aadLength)
}

function xorData(at: usize, length: usize): void {
  const first = min<usize>(length, STRIDE - 64)
  let i: usize = 0
  for (; i + 16 <= first; i += 16) v128.store(at + i, v128.xor(v128.load(at + i), v128.load(FIRST + 64 + i)))
  for (; i < first; i++) store<u8>(at + i, load<u8>(at + i) ^ load<u8>(FIRST + 64 + i))
  if (length > first) xorStream(at + first, length - first, 4)
}

function sealAt(at: usize, length: usize, aadLength: usize, tag: usize): void {
  startMac(aadLength)
  xorData(at, length)
  polyAbsorbPadded(at, length)
  polyAbsorbLengths(aadLength, length)
  polyFinish(tag)
}

function openAt(at: usize, length: usize, aadLength: usize, expected: usize): bool {
  startMac(aadLength)
  polyAbsorbPadded(at, length)
  polyAbsorbLengths(aadLength, length)
  polyFinish(TAG)
  const difference = (load<u64>(TAG) ^ load<u64>(expected)) | (load<u64>(TAG, 8) ^ load<u64>(expected, 8))
  if (difference != 0) return false
  xorData(at, length)
  return true
}

/** Seal DATA[0..length) in place under KEYS[0] and NONCE; the tag is at TAG. */
export function seal(length: usize, aadLength: usize): void {
  setupNonce(KEYS, NONCE)
  sealAt(DATA, length, aadLength, TAG)
}

/** Open DATA[0..length) in place if TAG fits; nothing is decrypted otherwise. */
export function open(length: usize, aadLength: usize): bool {
  setupNonce(KEYS, NONCE)
  const expected = TAIL
  memory.copy(expected, TAG, TAG_BYTES)
  return openAt(DATA, length, aadLength, expected)
}

/**
 * Forward cell of `layers` layers: DATA[0..payload) becomes a body of payload + 16 * MAX_LAYERS bytes, which starts
 * 16 * (layers - 1) + 16 bytes before DATA; its address is returned. `low` and `high` are the halves of
 * the cell's number, the same at every hop (two halves, because a u64 crosses into JavaScript as a BigInt).
 */
export function sealForward(payload: usize, layers: usize, low: u32, high: u32): usize {
  const nonce = (u64(high) << 32) | low
  const body = payload + TAG_BYTES * MAX_LAYERS
  const text = body - TAG_BYTES // what one layer encrypts
  // What the last bytes of the innermost ciphertext will be once every relay has opened its layer and appended filler.
  let tail: usize = 0
  for (let i: usize = 0; i + 1 < layers; i++) {
    setup(KEYS + i * KEY_BYTES, nonce)
    if (tail > 0) xorTail(text - tail, tail)
    setup(FILLER_KEYS + i * KEY_BYTES, nonce)
    keystream(FIRST, 0)
    memory.copy(TAIL + tail, FIRST, TAG_BYTES)
    tail += TAG_BYTES
  }
  let at = DATA
  const last = layers - 1
  memory.fill(at + payload, 0, text - payload - tail)
  setup(KEYS + last * KEY_BYTES, nonce)
  startMac(0)
  xorData(at, text - tail)
  memory.copy(at + text - tail, TAIL, tail)
  macAt(at, text)
  for (let i = last; i > 0; i--) {
    at -= TAG_BYTES
    setup(KEYS + (i - 1) * KEY_BYTES, nonce)
    sealAt(at, text, 0, at - TAG_BYTES)
  }
  return at - TAG_BYTES
}

// The MAC was started with the layer's key; finish it over ciphertext that was put together by hand.
function macAt(at: usize, length: usize): void {
  polyAbsorbPadded(at, length)
  polyAbsorbLengths(0, length)
  polyFinish(at - TAG_BYTES)
}

// XOR TAIL[0..length) with the keystream a relay applies to bytes [offset, offset + length) of its ciphertext.
function xorTail(offset: usize, length: usize): void {
  const block = offset >>> 6
  const skip = offset & 63
  keystream(FIRST, <u32>(block + 1))
  for (let i: usize = 0; i < length; i++) store<u8>(TAIL + i, load<u8>(TAIL + i) ^ load<u8>(FIRST + skip + i))
}

/**
 * Backward cell: DATA[0..length) is `tag ‖ ciphertext` under `relays` stream layers (KEYS[0..relays)) and the exit's seal
 * (KEYS[relays]). True and plaintext at DATA + 16, or false.
 */
export function openBackward(length: usize, relays: usize, low: u32, high: u32): bool {
  const nonce = (u64(high) << 32) | low
  for (let i: usize = 0; i < relays; i++) {
    setup(KEYS + i * KEY_BYTES, nonce)
    xorStream(DATA, length, 0)
  }
  setup(KEYS + relays * KEY_BYTES, nonce)
  memory.copy(TAIL, DATA, TAG_BYTES)
  return openAt(DATA + TAG_BYTES, length - TAG_BYTES, 0, TAIL)
}

/** Overwrite keys and data: linear memory outlives the call. */
export function wipe(): void {
  memory.fill(KEYS, 0, KEY_BYTES * MAX_LAYERS)
  memory.fill(FILLER_KEYS, 0, KEY_BYTES * MAX_LAYERS)
  memory.fill(AREA, 0, HEADROOM_BYTES + MAX_DATA_BYTES)
}
