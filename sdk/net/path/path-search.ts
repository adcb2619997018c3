import type { Descriptor } from '../directory/index.ts'
import type { Candidate } from './candidate.ts'
import type { Removals } from './removals.ts'

/** Comparisons of two nodes in one choice. Real networks need a few dozen; one built to be in its own way must not stall a tab. */
const MAX_COMPARISONS = 100_000

/** Looks through orders of exits, guards and relays for the first that go together. */
export class PathSearch {
  private readonly exits: readonly Candidate[]
  private readonly relays: readonly Candidate[]
  private readonly hops: number
  private readonly allowSharedSubnets: boolean
  private readonly removals: Removals
  private comparisons = 0

  /** @param hops relays before the exit, at least 1 */
  constructor(
    exits: readonly Candidate[],
    relays: readonly Candidate[],
    hops: number,
    allowSharedSubnets: boolean,
    removals: Removals
  ) {
    this.exits = exits
    this.relays = relays
    this.hops = hops
    this.allowSharedSubnets = allowSharedSubnets
    this.removals = removals
  }

  /** @returns guard to exit, or undefined when none of `guards` leads to a path */
  run(guards: readonly Candidate[]): Descriptor[] | undefined {
    this.comparisons = 0
    for (const exit of this.exits)
      for (const guard of guards) {
        if (!this.fits(guard, [exit])) continue
        const middle = this.middle([exit, guard], this.hops - 1)
        if (middle !== undefined) return [guard, ...middle, exit].map(({ node }) => node)
      }
    return undefined
  }

  private middle(chosen: readonly Candidate[], missing: number): Candidate[] | undefined {
    if (missing === 0) return []
    for (const relay of this.relays) {
      if (!this.fits(relay, chosen)) continue
      const rest = this.middle([...chosen, relay], missing - 1)
      if (rest !== undefined) return [relay, ...rest]
    }
    return undefined
  }

  private fits(candidate: Candidate, chosen: readonly Candidate[]): boolean {
    return chosen.every(other => {
      if (++this.comparisons > MAX_COMPARISONS || candidate.id === other.id) return false
      return (
        this.removals.keep(!candidate.isFamilyOf(other), 'family', candidate) &&
        this.removals.keep(this.allowSharedSubnets || !candidate.sharesSubnetWith(other), 'subnet', candidate)
      )
    })
  }
}
