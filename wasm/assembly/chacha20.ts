// ChaCha20 (RFC 8439 §2.3-2.4), four blocks at a time: lane j of every vector belongs to block counter + j.

/** Bytes of keystream one call of `xorFourBlocks` makes. */
export const STRIDE: usize = 256

const STATE: usize = memory.data(64, 16)
const SCRATCH: usize = memory.data(256, 16)

// @ts-ignore: decorator
@inline function rotl16(x: v128): v128 {
  return i8x16.shuffle(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
}
// @ts-ignore: decorator
@inline function rotl12(x: v128): v128 {
  return v128.or(i32x4.shl(x, 12), i32x4.shr_u(x, 20))
}
// Not a shuffle, as 16 is: V8 builds its mask anew each time, which costs ChaCha20 a tenth.
// @ts-ignore: decorator
@inline function rotl8(x: v128): v128 {
  return v128.or(i32x4.shl(x, 8), i32x4.shr_u(x, 24))
}
// @ts-ignore: decorator
@inline function rotl7(x: v128): v128 {
  return v128.or(i32x4.shl(x, 7), i32x4.shr_u(x, 25))
}

/** Load the constants, the key (32 bytes) and the nonce (12 bytes). */
export function setup(key: usize, nonce: usize): void {
  store<u32>(STATE, 0x61707865)
  store<u32>(STATE, 0x3320646e, 4)
  store<u32>(STATE, 0x79622d32, 8)
  store<u32>(STATE, 0x6b206574, 12)
  memory.copy(STATE + 16, key, 32)
  memory.copy(STATE + 52, nonce, 12)
}

// Transpose four vectors of word w..w+3 and XOR them onto the four blocks at `offset`.
// @ts-ignore: decorator
@inline function xorColumns(at: usize, a: v128, b: v128, c: v128, d: v128, offset: usize): void {
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5)
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5)
  const ef = v128.shuffle<i32>(a, b, 2, 6, 3, 7)
  const gh = v128.shuffle<i32>(c, d, 2, 6, 3, 7)
  const p = at + offset
  v128.store(p, v128.xor(v128.load(p), v128.shuffle<i64>(ab, cd, 0, 2)))
  v128.store(p, v128.xor(v128.load(p, 64), v128.shuffle<i64>(ab, cd, 1, 3)), 64)
  v128.store(p, v128.xor(v128.load(p, 128), v128.shuffle<i64>(ef, gh, 0, 2)), 128)
  v128.store(p, v128.xor(v128.load(p, 192), v128.shuffle<i64>(ef, gh, 1, 3)), 192)
}

/** XOR 256 bytes at `at` with the blocks counter .. counter + 3. */
function xorFourBlocks(at: usize, counter: u32): void {
  const s0 = v128.load32_splat(STATE), s1 = v128.load32_splat(STATE, 4), s2 = v128.load32_splat(STATE, 8), s3 = v128.load32_splat(STATE, 12)
  const s4 = v128.load32_splat(STATE, 16), s5 = v128.load32_splat(STATE, 20), s6 = v128.load32_splat(STATE, 24), s7 = v128.load32_splat(STATE, 28)
  const s8 = v128.load32_splat(STATE, 32), s9 = v128.load32_splat(STATE, 36), s10 = v128.load32_splat(STATE, 40), s11 = v128.load32_splat(STATE, 44)
  const s12 = i32x4.add(i32x4.splat(counter), i32x4(0, 1, 2, 3))
  const s13 = v128.load32_splat(STATE, 52), s14 = v128.load32_splat(STATE, 56), s15 = v128.load32_splat(STATE, 60)
  let a0 = s0, a1 = s1, a2 = s2, a3 = s3, b0 = s4, b1 = s5, b2 = s6, b3 = s7
  let c0 = s8, c1 = s9, c2 = s10, c3 = s11, d0 = s12, d1 = s13, d2 = s14, d3 = s15
  for (let round = 0; round < 10; round++) {
    // columns: the four quarter rounds side by side, so that their latencies overlap
    a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3)
    d0 = rotl16(v128.xor(d0, a0)); d1 = rotl16(v128.xor(d1, a1)); d2 = rotl16(v128.xor(d2, a2)); d3 = rotl16(v128.xor(d3, a3))
    c0 = i32x4.add(c0, d0); c1 = i32x4.add(c1, d1); c2 = i32x4.add(c2, d2); c3 = i32x4.add(c3, d3)
    b0 = rotl12(v128.xor(b0, c0)); b1 = rotl12(v128.xor(b1, c1)); b2 = rotl12(v128.xor(b2, c2)); b3 = rotl12(v128.xor(b3, c3))
    a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3)
    d0 = rotl8(v128.xor(d0, a0)); d1 = rotl8(v128.xor(d1, a1)); d2 = rotl8(v128.xor(d2, a2)); d3 = rotl8(v128.xor(d3, a3))
    c0 = i32x4.add(c0, d0); c1 = i32x4.add(c1, d1); c2 = i32x4.add(c2, d2); c3 = i32x4.add(c3, d3)
    b0 = rotl7(v128.xor(b0, c0)); b1 = rotl7(v128.xor(b1, c1)); b2 = rotl7(v128.xor(b2, c2)); b3 = rotl7(v128.xor(b3, c3))
    // diagonals
    a0 = i32x4.add(a0, b1); a1 = i32x4.add(a1, b2); a2 = i32x4.add(a2, b3); a3 = i32x4.add(a3, b0)
    d3 = rotl16(v128.xor(d3, a0)); d0 = rotl16(v128.xor(d0, a1)); d1 = rotl16(v128.xor(d1, a2)); d2 = rotl16(v128.xor(d2, a3))
    c2 = i32x4.add(c2, d3); c3 = i32x4.add(c3, d0); c0 = i32x4.add(c0, d1); c1 = i32x4.add(c1, d2)
    b1 = rotl12(v128.xor(b1, c2)); b2 = rotl12(v128.xor(b2, c3)); b3 = rotl12(v128.xor(b3, c0)); b0 = rotl12(v128.xor(b0, c1))
    a0 = i32x4.add(a0, b1); a1 = i32x4.add(a1, b2); a2 = i32x4.add(a2, b3); a3 = i32x4.add(a3, b0)
    d3 = rotl8(v128.xor(d3, a0)); d0 = rotl8(v128.xor(d0, a1)); d1 = rotl8(v128.xor(d1, a2)); d2 = rotl8(v128.xor(d2, a3))
    c2 = i32x4.add(c2, d3); c3 = i32x4.add(c3, d0); c0 = i32x4.add(c0, d1); c1 = i32x4.add(c1, d2)
    b1 = rotl7(v128.xor(b1, c2)); b2 = rotl7(v128.xor(b2, c3)); b3 = rotl7(v128.xor(b3, c0)); b0 = rotl7(v128.xor(b0, c1))
  }
  xorColumns(at, i32x4.add(a0, s0), i32x4.add(a1, s1), i32x4.add(a2, s2), i32x4.add(a3, s3), 0)
  xorColumns(at, i32x4.add(b0, s4), i32x4.add(b1, s5), i32x4.add(b2, s6), i32x4.add(b3, s7), 16)
  xorColumns(at, i32x4.add(c0, s8), i32x4.add(c1, s9), i32x4.add(c2, s10), i32x4.add(c3, s11), 32)
  xorColumns(at, i32x4.add(d0, s12), i32x4.add(d1, s13), i32x4.add(d2, s14), i32x4.add(d3, s15), 48)
}

/** XOR `length` bytes at `at` with the keystream from block `counter` on. */
export function xorStream(at: usize, length: usize, counter: u32): void {
  while (length >= STRIDE) {
    xorFourBlocks(at, counter)
    at += STRIDE
    length -= STRIDE
    counter += 4
  }
  if (length == 0) return
  memory.copy(SCRATCH, at, length)
  xorFourBlocks(SCRATCH, counter)
  memory.copy(at, SCRATCH, length)
}

/** Write 256 bytes of keystream from block `counter` on to `at`. */
export function keystream(at: usize, counter: u32): void {
  memory.fill(at, 0, STRIDE)
  xorFourBlocks(at, counter)
}
