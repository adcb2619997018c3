// The compression function of SHA-256 (FIPS 180-4 §6.2.2), four messages at a time: lane j of every vector belongs to message j. One long
// message has no lanes, but four of its blocks have: their schedules are made together, then their rounds run one after the other.

const K: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
])
const INITIAL: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
])

/** Word t of the four schedules is the vector at SCHEDULE + 16 * t. */
const SCHEDULE: usize = memory.data(1_024, 16)
/** Word i of the four states is the vector at STATES + 16 * i. */
const STATES: usize = memory.data(128, 16)

// @ts-ignore: decorator
@inline function swapped(x: v128): v128 {
  return i8x16.shuffle(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
}
// @ts-ignore: decorator
@inline function xor3(a: v128, b: v128, c: v128): v128 {
  return v128.xor(v128.xor(a, b), c)
}
// @ts-ignore: decorator
@inline function rotate(x: v128, by: i32): v128 {
  return v128.or(i32x4.shr_u(x, by), i32x4.shl(x, 32 - by))
}
// @ts-ignore: decorator
@inline function add(a: v128, b: v128): v128 {
  return i32x4.add(a, b)
}

// Four vectors of one message's words become, or came from, four vectors of one word of each message.
function storeTransposed(to: usize, step: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5)
  const ef = v128.shuffle<i32>(a, b, 2, 6, 3, 7), gh = v128.shuffle<i32>(c, d, 2, 6, 3, 7)
  v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2))
  v128.store(to + step, v128.shuffle<i64>(ab, cd, 1, 3))
  v128.store(to + 2 * step, v128.shuffle<i64>(ef, gh, 0, 2))
  v128.store(to + 3 * step, v128.shuffle<i64>(ef, gh, 1, 3))
}

/** The 64-byte blocks at four addresses, of any alignment, become words 0..15 of the schedules. */
export function loadBlocks(a: usize, b: usize, c: usize, d: usize): void {
  for (let word: usize = 0; word < 64; word += 16)
    storeTransposed(
      SCHEDULE + 4 * word, 16,
      swapped(v128.load(a + word)), swapped(v128.load(b + word)), swapped(v128.load(c + word)), swapped(v128.load(d + word))
    )
}

/** Put `byte` in front of what was loaded, in place of the byte that lay there. */
export function setFirstByte(byte: u32): void {
  v128.store(SCHEDULE, v128.or(v128.and(v128.load(SCHEDULE), i32x4.splat(0x00ff_ffff)), i32x4.splat(byte << 24)))
}

/** The last block of messages that end one byte into it; `a`..`d` are where those bytes are. */
export function loadLastBytes(a: usize, b: usize, c: usize, d: usize, messageBytes: u32): void {
  memory.fill(SCHEDULE, 0, 256)
  const bytes = i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(load<u8>(a)), 1, load<u8>(b)), 2, load<u8>(c)), 3, load<u8>(d))
  v128.store(SCHEDULE, v128.or(i32x4.shl(bytes, 24), i32x4.splat(0x0080_0000)))
  v128.store(SCHEDULE + 240, i32x4.splat(messageBytes << 3))
}

/** Words 16..63 of the schedules. */
function expand(): void {
  for (let at = SCHEDULE; at < SCHEDULE + 768; at += 16) {
    const w15 = v128.load(at, 16), w2 = v128.load(at, 224)
    const s0 = xor3(rotate(w15, 7), rotate(w15, 18), i32x4.shr_u(w15, 3))
    const s1 = xor3(rotate(w2, 17), rotate(w2, 19), i32x4.shr_u(w2, 10))
    v128.store(at, add(add(v128.load(at), s0), add(v128.load(at, 144), s1)), 256)
  }
}

/** The rounds of a single message are short of instructions, not of memory: its constants are added here, four words at a time. */
function addConstants(): void {
  for (let at: usize = 0; at < 256; at += 16) {
    const words = SCHEDULE + 4 * at
    v128.store(words, add(v128.load(words), v128.load32_splat(K + at)))
    v128.store(words, add(v128.load(words, 16), v128.load32_splat(K + at, 4)), 16)
    v128.store(words, add(v128.load(words, 32), v128.load32_splat(K + at, 8)), 32)
    v128.store(words, add(v128.load(words, 48), v128.load32_splat(K + at, 12)), 48)
  }
}

/** All four states begin anew. */
export function startStates(): void {
  for (let i: usize = 0; i < 8; i++) v128.store(STATES + 16 * i, v128.load32_splat(INITIAL + 4 * i))
}

// @ts-ignore: decorator
@inline function half1(e: v128, f: v128, g: v128, h: v128, at: usize, t: usize): v128 {
  const sum = xor3(rotate(e, 6), rotate(e, 11), rotate(e, 25))
  const choice = v128.xor(g, v128.and(e, v128.xor(f, g)))
  return add(add(add(h, v128.load(SCHEDULE + 4 * at + 16 * t)), add(v128.load32_splat(K + at + 4 * t), choice)), sum)
}
// @ts-ignore: decorator
@inline function half2(a: v128, b: v128, c: v128, t1: v128): v128 {
  const sum = xor3(rotate(a, 2), rotate(a, 13), rotate(a, 22))
  const majority = v128.xor(v128.and(v128.xor(a, b), v128.xor(b, c)), b)
  return add(t1, add(sum, majority))
}

/** One block of four messages, as loaded. */
export function compressFour(): void {
  expand()
  const s0 = v128.load(STATES), s1 = v128.load(STATES, 16), s2 = v128.load(STATES, 32), s3 = v128.load(STATES, 48)
  const s4 = v128.load(STATES, 64), s5 = v128.load(STATES, 80), s6 = v128.load(STATES, 96), s7 = v128.load(STATES, 112)
  let a = s0, b = s1, c = s2, d = s3, e = s4, f = s5, g = s6, h = s7
  for (let at: usize = 0; at < 256; at += 32) {
    h = half1(e, f, g, h, at, 0); d = add(d, h); h = half2(a, b, c, h)
    g = half1(d, e, f, g, at, 1); c = add(c, g); g = half2(h, a, b, g)
    f = half1(c, d, e, f, at, 2); b = add(b, f); f = half2(g, h, a, f)
    e = half1(b, c, d, e, at, 3); a = add(a, e); e = half2(f, g, h, e)
    d = half1(a, b, c, d, at, 4); h = add(h, d); d = half2(e, f, g, d)
    c = half1(h, a, b, c, at, 5); g = add(g, c); c = half2(d, e, f, c)
    b = half1(g, h, a, b, at, 6); f = add(f, b); b = half2(c, d, e, b)
    a = half1(f, g, h, a, at, 7); e = add(e, a); a = half2(b, c, d, a)
  }
  v128.store(STATES, add(s0, a)); v128.store(STATES, add(s1, b), 16); v128.store(STATES, add(s2, c), 32); v128.store(STATES, add(s3, d), 48)
  v128.store(STATES, add(s4, e), 64); v128.store(STATES, add(s5, f), 80); v128.store(STATES, add(s6, g), 96); v128.store(STATES, add(s7, h), 112)
}

/** Four digests of 32 bytes, end to end. */
export function storeDigests(out: usize): void {
  for (let half: usize = 0; half < 2; half++) {
    const from = STATES + 64 * half
    storeTransposed(
      out + 16 * half, 32,
      swapped(v128.load(from)), swapped(v128.load(from, 16)), swapped(v128.load(from, 32)), swapped(v128.load(from, 48))
    )
  }
}

/** Write the initial state of one message, 8 words, to `state`. */
export function startState(state: usize): void {
  memory.copy(state, INITIAL, 32)
}

// Each sum of three rotations is written out: nesting them saves registers, but made the chain of a round longer and cost 10 %.
// @ts-ignore: decorator
@inline function half1s(e: u32, f: u32, g: u32, h: u32, words: usize, t: usize): u32 {
  return h + load<u32>(words + 16 * t) + (g ^ (e & (f ^ g))) + (rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25))
}
// @ts-ignore: decorator
@inline function half2s(a: u32, b: u32, c: u32, t1: u32): u32 {
  return ((((a ^ b) & (b ^ c)) ^ b) + (rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22))) + t1
}

function compressOne(state: usize, lane: usize): void {
  const s0 = load<u32>(state), s1 = load<u32>(state, 4), s2 = load<u32>(state, 8), s3 = load<u32>(state, 12)
  const s4 = load<u32>(state, 16), s5 = load<u32>(state, 20), s6 = load<u32>(state, 24), s7 = load<u32>(state, 28)
  let a = s0, b = s1, c = s2, d = s3, e = s4, f = s5, g = s6, h = s7
  for (let words = SCHEDULE + 4 * lane; words < SCHEDULE + 1_024; words += 128) {
    h = half1s(e, f, g, h, words, 0); d += h; h = half2s(a, b, c, h)
    g = half1s(d, e, f, g, words, 1); c += g; g = half2s(h, a, b, g)
    f = half1s(c, d, e, f, words, 2); b += f; f = half2s(g, h, a, f)
    e = half1s(b, c, d, e, words, 3); a += e; e = half2s(f, g, h, e)
    d = half1s(a, b, c, d, words, 4); h += d; d = half2s(e, f, g, d)
    c = half1s(h, a, b, c, words, 5); g += c; c = half2s(d, e, f, c)
    b = half1s(g, h, a, b, words, 6); f += b; b = half2s(c, d, e, b)
    a = half1s(f, g, h, a, words, 7); e += a; a = half2s(b, c, d, a)
  }
  store<u32>(state, s0 + a); store<u32>(state, s1 + b, 4); store<u32>(state, s2 + c, 8); store<u32>(state, s3 + d, 12)
  store<u32>(state, s4 + e, 16); store<u32>(state, s5 + f, 20); store<u32>(state, s6 + g, 24); store<u32>(state, s7 + h, 28)
}

/** Whole blocks of one message. At most three blocks behind the last one are read, and not used. */
export function compressBlocks(state: usize, data: usize, blocks: usize): void {
  for (let block: usize = 0; block < blocks; block += 4, data += 256) {
    loadBlocks(data, data + 64, data + 128, data + 192)
    expand()
    addConstants()
    for (let lane: usize = 0; lane < min<usize>(blocks - block, 4); lane++) compressOne(state, lane)
  }
}

/** The state as the digest's 32 bytes. */
export function storeDigest(state: usize, out: usize): void {
  v128.store(out, swapped(v128.load(state)))
  v128.store(out, swapped(v128.load(state, 16)), 16)
}
