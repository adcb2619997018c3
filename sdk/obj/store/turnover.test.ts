import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countTurnover, decodeTurnover, encodeTurnover, NO_TURNOVER, turnoverLeft } from './turnover.ts'

const DAY_MS = 86_400_000
const PER_DAY = 1_000

describe('what pushes may displace in a day', () => {
  it('is all of it at first, and all of it again a day after it was used up', () => {
    const used = countTurnover(NO_TURNOVER, PER_DAY, 5 * DAY_MS, PER_DAY)
    expect(turnoverLeft(NO_TURNOVER, PER_DAY, 5 * DAY_MS)).toBe(PER_DAY)
    expect(turnoverLeft(used, PER_DAY, 5 * DAY_MS)).toBe(0)
    expect(turnoverLeft(used, PER_DAY, 5.5 * DAY_MS)).toBe(PER_DAY / 2)
    expect(turnoverLeft(used, PER_DAY, 9 * DAY_MS)).toBe(PER_DAY)
  })

  it('is, however the days are cut, at most one day’s more than the days make', () => {
    const wishes = fc.array(
      fc.record({ pauseMs: fc.integer({ min: 0, max: DAY_MS }), bytes: fc.integer({ min: 1, max: PER_DAY }) })
    )
    fc.assert(
      fc.property(wishes, wishes => {
        let [now, turnover, taken] = [1_000 * DAY_MS, NO_TURNOVER, 0]
        const start = now
        for (const { pauseMs, bytes } of wishes) {
          now += pauseMs
          if (bytes > turnoverLeft(turnover, PER_DAY, now)) continue
          turnover = countTurnover(turnover, PER_DAY, now, bytes)
          taken += bytes
        }
        expect(taken).toBeLessThanOrEqual(PER_DAY + (PER_DAY * (now - start)) / DAY_MS)
      })
    )
  })

  it('comes back after a clock was wrong by years', () => {
    const ahead = countTurnover(NO_TURNOVER, PER_DAY, 9_000 * DAY_MS, PER_DAY)
    expect(turnoverLeft(ahead, PER_DAY, 100 * DAY_MS)).toBe(PER_DAY)
  })

  it('is read as it was written', () => {
    const row = fc.record({ bytes: fc.maxSafeNat(), atMs: fc.maxSafeNat() })
    fc.assert(fc.property(row, turnover => void expect(decodeTurnover(encodeTurnover(turnover))).toEqual(turnover)))
  })
})
