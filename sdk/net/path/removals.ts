import { CraftecError } from '../../errors/index.ts'
import type { Candidate } from './candidate.ts'

const RULES = [
  'excluded', // the caller left it out
  'noOnionKey', // no onion key that is still valid
  'noAddress',
  'notExit',
  'exitIdentity', // not the exit asked for
  'exitCountry', // not in the country asked for
  'exitPorts', // takes no connections to the target's port
  'notRelay',
  'notDialable', // as a first hop
  'family', // of one family with another hop
  'subnet' // in one /16 or /32 with another hop
] as const

export type PathRule = (typeof RULES)[number]

/** Which rule took which candidate out, for the error that says why there is no path. */
export class Removals {
  private readonly known: number
  private readonly removed = new Map<PathRule, Set<string>>()

  /** @param known nodes to choose from */
  constructor(known: number) {
    this.known = known
  }

  /** @returns `kept`, having noted the candidate if it was not */
  keep(kept: boolean, rule: PathRule, candidate: Candidate): boolean {
    if (kept) return true
    const set = this.removed.get(rule) ?? new Set()
    this.removed.set(rule, set.add(candidate.id))
    return false
  }

  noPath(why: string): CraftecError {
    const counts = RULES.flatMap(rule => {
      const set = this.removed.get(rule)
      return set === undefined ? [] : [[rule, set.size] as const]
    })
    const list = counts.map(([rule, count]) => `${rule} ${count}`).join(', ') || 'none'
    return new CraftecError(
      'no-path',
      `${why}: of ${this.known} nodes, removed by rule: ${list}. Relax what was asked for, or wait for more nodes`,
      { details: { known: this.known, ...Object.fromEntries(counts) } }
    )
  }
}
