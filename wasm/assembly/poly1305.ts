// Poly1305 (RFC 8439 §2.5): five 26-bit limbs, so that every product and sum fits in 64 bits.

const LIMB: u64 = 0x3ffffff
const BLOCK: usize = 16
const LAST: usize = memory.data(16, 16)

let h0: u64 = 0, h1: u64 = 0, h2: u64 = 0, h3: u64 = 0, h4: u64 = 0
let r0: u64 = 0, r1: u64 = 0, r2: u64 = 0, r3: u64 = 0, r4: u64 = 0
let pad0: u64 = 0, pad1: u64 = 0

/** Start with the one-time key (32 bytes: r, clamped here, then s). */
export function polyStart(key: usize): void {
  h0 = h1 = h2 = h3 = h4 = 0
  const low = load<u64>(key) & 0x0ffffffc0fffffff
  const high = load<u64>(key, 8) & 0x0ffffffc0ffffffc
  r0 = low & LIMB
  r1 = (low >>> 26) & LIMB
  r2 = ((low >>> 52) | (high << 12)) & LIMB
  r3 = (high >>> 14) & LIMB
  r4 = high >>> 40
  pad0 = load<u64>(key, 16)
  pad1 = load<u64>(key, 24)
}

function absorbBlocks(at: usize, length: usize): void {
  const q1 = r1 * 5, q2 = r2 * 5, q3 = r3 * 5, q4 = r4 * 5
  const k0 = r0, k1 = r1, k2 = r2, k3 = r3, k4 = r4
  let g0 = h0, g1 = h1, g2 = h2, g3 = h3, g4 = h4
  for (const end = at + length; at < end; at += BLOCK) {
    const low = load<u64>(at), high = load<u64>(at, 8)
    g0 += low & LIMB
    g1 += (low >>> 26) & LIMB
    g2 += ((low >>> 52) | (high << 12)) & LIMB
    g3 += (high >>> 14) & LIMB
    g4 += (high >>> 40) | (1 << 24)
    let m0 = g0 * k0 + g1 * q4 + g2 * q3 + g3 * q2 + g4 * q1
    let m1 = g0 * k1 + g1 * k0 + g2 * q4 + g3 * q3 + g4 * q2
    let m2 = g0 * k2 + g1 * k1 + g2 * k0 + g3 * q4 + g4 * q3
    let m3 = g0 * k3 + g1 * k2 + g2 * k1 + g3 * k0 + g4 * q4
    let m4 = g0 * k4 + g1 * k3 + g2 * k2 + g3 * k1 + g4 * k0
    m1 += m0 >>> 26
    m2 += m1 >>> 26
    m3 += m2 >>> 26
    m4 += m3 >>> 26
    g0 = (m0 & LIMB) + (m4 >>> 26) * 5
    g1 = (m1 & LIMB) + (g0 >>> 26)
    g0 &= LIMB
    g2 = m2 & LIMB
    g3 = m3 & LIMB
    g4 = m4 & LIMB
  }
  h0 = g0; h1 = g1; h2 = g2; h3 = g3; h4 = g4
}

/** Absorb `length` bytes, zero-padded to a whole block as the AEAD construction wants (RFC 8439 §2.8). */
export function polyAbsorbPadded(at: usize, length: usize): void {
  const whole = length & ~(BLOCK - 1)
  absorbBlocks(at, whole)
  const rest = length - whole
  if (rest == 0) return
  v128.store(LAST, i64x2.splat(0))
  memory.copy(LAST, at + whole, rest)
  absorbBlocks(LAST, BLOCK)
}

/** Absorb the closing block of the AEAD construction. */
export function polyAbsorbLengths(aadLength: usize, length: usize): void {
  store<u64>(LAST, aadLength)
  store<u64>(LAST, length, 8)
  absorbBlocks(LAST, BLOCK)
}

/** Write the 16-byte tag. Branch-free: h - p is taken by mask. */
export function polyFinish(tag: usize): void {
  let g1 = h1, g2 = h2, g3 = h3, g4 = h4, g0 = h0
  g2 += g1 >>> 26; g1 &= LIMB
  g3 += g2 >>> 26; g2 &= LIMB
  g4 += g3 >>> 26; g3 &= LIMB
  g0 += (g4 >>> 26) * 5; g4 &= LIMB
  g1 += g0 >>> 26; g0 &= LIMB
  let p0 = g0 + 5
  let p1 = g1 + (p0 >>> 26); p0 &= LIMB
  let p2 = g2 + (p1 >>> 26); p1 &= LIMB
  let p3 = g3 + (p2 >>> 26); p2 &= LIMB
  const p4 = g4 + (p3 >>> 26) - (1 << 26); p3 &= LIMB
  const keep: u64 = 0 - (p4 >>> 63)
  g0 = (g0 & keep) | (p0 & ~keep)
  g1 = (g1 & keep) | (p1 & ~keep)
  g2 = (g2 & keep) | (p2 & ~keep)
  g3 = (g3 & keep) | (p3 & ~keep)
  g4 = (g4 & keep) | (p4 & ~keep)
  const low = g0 | (g1 << 26) | (g2 << 52)
  const high = (g2 >>> 12) | (g3 << 14) | (g4 << 40)
  const sum = low + pad0
  store<u64>(tag, sum)
  store<u64>(tag, high + pad1 + u64(sum < low), 8)
}
