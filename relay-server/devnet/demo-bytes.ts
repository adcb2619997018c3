/** A prime number of bytes, so that no power-of-two window of the content equals another: a cell lost, doubled or moved shows. */
const PERIOD = 65_521

const block = makeBlock()

/** Bytes `from` to `from + length` of an endless, deterministic content. The demo origin serves it; tests compare with it. */
export function demoBytes(from: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let round = Math.floor(from / PERIOD)
  let at = from % PERIOD
  for (let index = 0; index < length; index++) {
    bytes[index] = (block[at] ?? 0) ^ (round & 0xff)
    at += 1
    if (at === PERIOD) {
      at = 0
      round += 1
    }
  }
  return bytes
}

/** Marsaglia's xorshift32: looks random, is the same everywhere. */
function makeBlock(): Uint8Array {
  const bytes = new Uint8Array(PERIOD)
  let state = 0x2545f491
  for (let index = 0; index < PERIOD; index++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[index] = state
  }
  return bytes
}
