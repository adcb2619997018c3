// Trees of pieces and long messages, as the host sees them. Trees: docs/protocol/craftobj.md §2. The host lays its bytes from `start()`
// on, and leaves 256 bytes behind them that may be read.

import {
  compressBlocks, compressFour, loadBlocks, loadLastBytes, setFirstByte, startState, startStates, storeDigest, storeDigests
} from './sha256'

const LEAF_BYTES: usize = 1_024
const HASH_BYTES: usize = 32
const LEAF_PREFIX: u32 = 0
const NODE_PREFIX: u32 = 1

const STATE: usize = memory.data(32, 16)
/** A short message with its padding, and what `compressBlocks` may read behind it. */
const MESSAGE: usize = memory.data(1_408, 16)
/** Digests of lanes that are no message. */
const SPARE: usize = memory.data(128, 16)

export { compressBlocks as absorb } from './sha256'

/** @returns the first free address */
export function start(): usize {
  return (__heap_base + 63) & ~63
}

/** Four messages of 1 + `bytes` bytes each, `bytes` a multiple of 64: `prefix` ‖ what lies at the addresses. */
function hashFour(prefix: u32, a: usize, b: usize, c: usize, d: usize, bytes: usize, out: usize): void {
  startStates()
  // One byte in front of each message: the blocks begin a byte before the data, at what lies there, which the prefix covers.
  for (let at: usize = 0; at < bytes; at += 64) {
    loadBlocks(a + at - 1, b + at - 1, c + at - 1, d + at - 1)
    if (at == 0) setFirstByte(prefix)
    compressFour()
  }
  loadLastBytes(a + bytes - 1, b + bytes - 1, c + bytes - 1, d + bytes - 1, <u32>bytes + 1)
  compressFour()
  storeDigests(out)
}

/** One message of 1 + `bytes` bytes, `bytes` at most 1024. */
function hashOne(prefix: u32, data: usize, bytes: usize, out: usize): void {
  const blocks: usize = (bytes + 73) >> 6
  memory.fill(MESSAGE, 0, blocks << 6)
  store<u8>(MESSAGE, prefix)
  memory.copy(MESSAGE + 1, data, bytes)
  store<u8>(MESSAGE + 1 + bytes, 0x80)
  store<u32>(MESSAGE + (blocks << 6) - 4, bswap<u32>((<u32>bytes + 1) << 3))
  startState(STATE)
  compressBlocks(STATE, MESSAGE, blocks)
  storeDigest(STATE, out)
}

/** The leaf hashes of a piece, packed, to `out`. */
export function leafHashes(data: usize, bytes: usize, out: usize): void {
  let at: usize = 0
  for (; at + 4 * LEAF_BYTES <= bytes; at += 4 * LEAF_BYTES, out += 4 * HASH_BYTES) {
    const leaf = data + at
    hashFour(LEAF_PREFIX, leaf, leaf + LEAF_BYTES, leaf + 2 * LEAF_BYTES, leaf + 3 * LEAF_BYTES, LEAF_BYTES, out)
  }
  for (; at < bytes; at += LEAF_BYTES, out += HASH_BYTES) hashOne(LEAF_PREFIX, data + at, min(bytes - at, LEAF_BYTES), out)
}

/** The level above `count` packed hashes, to `out`, which may be where they lie. @returns how many there are on it */
export function parents(hashes: usize, count: usize, out: usize): usize {
  const nodes = count >> 1
  let node: usize = 0
  for (; node < nodes; node += 4) {
    const pair = hashes + (node << 6)
    // Lanes beyond the last pair hash the first one again; where their digests go depends on how many are of use.
    const left = nodes - node
    const to = left >= 4 ? out + (node << 5) : SPARE
    hashFour(NODE_PREFIX, pair, left > 1 ? pair + 64 : pair, left > 2 ? pair + 128 : pair, left > 3 ? pair + 192 : pair, 64, to)
    if (left < 4) memory.copy(out + (node << 5), SPARE, left << 5)
  }
  if (count & 1) memory.copy(out + (nodes << 5), hashes + (nodes << 6), HASH_BYTES)
  return nodes + (count & 1)
}

/** The root of a piece's tree, to `out`, where there is room for all its leaf hashes. */
export function pieceRoot(data: usize, bytes: usize, out: usize): void {
  leafHashes(data, bytes, out)
  for (let count = (bytes + LEAF_BYTES - 1) / LEAF_BYTES; count > 1; ) count = parents(out, count, out)
}

/** Write the initial state of a message, 32 bytes. */
export function begin(state: usize): void {
  startState(state)
}

/** The last 0..63 bytes of a message of `total` bytes, which lie at `tail` with 448 bytes of room; the digest goes to `state`. */
export function finish(state: usize, tail: usize, total: u64): void {
  const rest = <usize>(total & 63)
  const blocks: usize = rest < 56 ? 1 : 2
  memory.fill(tail + rest, 0, (blocks << 6) - rest)
  store<u8>(tail + rest, 0x80)
  store<u64>(tail + (blocks << 6) - 8, bswap<u64>(total << 3))
  compressBlocks(state, tail, blocks)
  storeDigest(state, state)
}
