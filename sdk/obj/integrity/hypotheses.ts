import type { RandomBytes } from '../../async/index.ts'

/**
 * Which groups of pieces might be the honest ones, likeliest first: all, all but one, all but two, then random choices of half of them.
 * Groups are those who would have lied together: the pieces of one recoder.
 * @param groups how many there are; group 0 is the one to suspect first
 * @yields the groups to leave out, ascending
 */
export function* hypotheses(groups: number, random: RandomBytes): Generator<readonly number[]> {
  yield []
  for (let first = 0; first < groups; first++) yield [first]
  for (let first = 0; first < groups; first++)
    for (let second = first + 1; second < groups; second++) yield [first, second]
  if (groups < 3) return
  for (;;) {
    const coins = random(groups)
    yield Array.from({ length: groups }, (_, group) => group).filter(group => (coins[group] ?? 0) < 128)
  }
}
