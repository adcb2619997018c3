/**
 * How long and with which randomness chaos tests run. `npm test` runs each a few times; `npm run test:chaos` sets CHAOS=long, or a
 * number of rounds, and a fresh CHAOS_SEED, which it prints: the same seed draws the same moments again.
 */
export function chaosRounds(rounds: { readonly ordinary: number; readonly long: number }): number {
  const { CHAOS = '' } = process.env
  return CHAOS === 'long' ? rounds.long : Number(CHAOS) || rounds.ordinary
}

/** Uniform numbers in 0..1 that follow from the run's seed and the test's name. */
export function chaosRandom(name: string): () => number {
  let state = Number(process.env.CHAOS_SEED ?? 1) >>> 0
  for (const character of name) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return () => {
    // mulberry32: 32 bits of state are enough for moments in time.
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
