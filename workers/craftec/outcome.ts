import { CraftecError } from '../../sdk/errors/index.ts'
import type { Outcome } from './craftec-wire.ts'

export async function outcomeOf<T>(task: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await task() }
  } catch (error) {
    return { error: CraftecError.from(error).toWire() }
  }
}

export function outcomeNow<T>(task: () => T): Outcome<T> {
  try {
    return { value: task() }
  } catch (error) {
    return { error: CraftecError.from(error).toWire() }
  }
}

/** @throws CraftecError what went wrong on the other side */
export function unwrap<T>(outcome: Outcome<T>): T {
  if ('error' in outcome) throw CraftecError.fromWire(outcome.error)
  return outcome.value
}
