import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Both, KINDS, step } from './model/both.ts'

const STEPS_PER_RUN = 120
/** A short run in every test; `npm run test:program` asks for more. */
const STEPS = Number(process.env.PROGRAM_TEST_STEPS ?? 1_200)
/** From here on every kind of call must have been accepted; in a short run half of them. */
const LONG_STEPS = 10_000
const CALLS = KINDS.filter(kind => kind !== 'stray' && kind !== 'advance')
/** A step is a transaction on the runtime: about 3 ms. Nothing waits here, so time says nothing: this only ends a runtime that hangs. */
const TIMEOUT_MS = 60_000 + STEPS * 300

describe('any sequence of instructions by anyone', () => {
  it(
    'does what the model does and keeps every token',
    () => {
      const accepted = new Map<string, number>()
      fc.assert(
        fc.property(fc.array(step, { minLength: STEPS_PER_RUN, maxLength: STEPS_PER_RUN }), steps => {
          const both = new Both()
          const total = both.model.total()
          for (const each of steps) {
            expect(both.take(each)).toEqual([])
            expect(both.model.total()).toBe(total)
          }
          for (const [kind, count] of both.accepted) accepted.set(kind, (accepted.get(kind) ?? 0) + count)
        }),
        { numRuns: Math.ceil(STEPS / STEPS_PER_RUN) }
      )
      // Sequences that are refused throughout would prove nothing.
      const missing = CALLS.filter(kind => !accepted.has(kind))
      expect(missing.length).toBeLessThan(STEPS < LONG_STEPS ? CALLS.length / 2 : 1)
    },
    TIMEOUT_MS
  )
})
