import { describe, expect, it } from 'vitest'
import { caseOf, decodeEvents, idl } from '../kit/index.ts'

/** Instructions that change nothing a watcher must learn of. */
const SILENT = new Set(['close_content_fund', 'close_claim_receipt'])

describe('every instruction of the interface description', () => {
  for (const { name } of idl.instructions) {
    it(`${name} succeeds where it should, and says so in one event`, () => {
      const { world, call } = caseOf(name)
      const outcome = world.send(call)
      expect(outcome.error).toBe('')
      expect(decodeEvents(outcome.logs)).toHaveLength(SILENT.has(name) ? 0 : 1)
    })
  }
})
