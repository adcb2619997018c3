/** Uniform numbers in 0..1, always the same for a seed: what a disk does to writes at a power failure can be drawn again. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
