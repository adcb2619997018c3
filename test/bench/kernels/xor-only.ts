// The roofline of coding: as `combine` with multiplication for free. Same blocking as the look-up kernel, four rows at a time.

const STRIPE_BYTES: usize = 4_096

export function start(): usize {
  return (__heap_base + 63) & ~63
}

export function combine(outputs: usize, rows: usize, inputs: usize, count: usize, length: usize): void {
  for (let from: usize = 0; from < length; from += STRIPE_BYTES) {
    const to = min(from + STRIPE_BYTES, length)
    for (let row: usize = 0; row < rows; row += 4) {
      const a = load<u32>(outputs + (row << 2)), b = load<u32>(outputs + (row << 2), 4)
      const c = load<u32>(outputs + (row << 2), 8), d = load<u32>(outputs + (row << 2), 12)
      memory.fill(a + from, 0, to - from)
      memory.fill(b + from, 0, to - from)
      memory.fill(c + from, 0, to - from)
      memory.fill(d + from, 0, to - from)
      for (let j: usize = 0; j < count; j++) {
        const input = load<u32>(inputs + (j << 2))
        for (let i = from; i < to; i += 16) {
          const x = v128.load(input + i)
          v128.store(a + i, v128.xor(v128.load(a + i), x))
          v128.store(b + i, v128.xor(v128.load(b + i), x))
          v128.store(c + i, v128.xor(v128.load(c + i), x))
          v128.store(d + i, v128.xor(v128.load(d + i), x))
        }
      }
    }
  }
}
