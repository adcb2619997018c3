import { type Call, caseOf, type Outcome, type World } from '../../kit/index.ts'

/** One way to be refused, and the error that says so. */
export interface Refusal {
  readonly error: string
  readonly when: string
  readonly attempt: () => Outcome
}

type Change = (world: World, call: Call) => Partial<Call>

/** The call that would succeed, but for one thing. */
export function refused(instruction: string, error: string, when: string, change: Change): Refusal {
  return {
    error,
    when: `${instruction}: ${when}`,
    attempt: () => {
      const { world, call } = caseOf(instruction)
      return world.send({ ...call, ...change(world, call) })
    }
  }
}

/** For what takes more than one change. */
export function attempted(error: string, when: string, attempt: () => Outcome): Refusal {
  return { error, when, attempt }
}
