import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ContentInfo } from '../store/index.ts'
import { contentValue, countReads, demandLevel, NO_DEMAND, readsPerHour, scaledTarget } from './index.ts'

const NOW = 1_700_000_000_000
const MINUTE = 60_000

describe('demand', () => {
  it('is the rate at which segments are read, once it has been steady for a while', () => {
    let demand = NO_DEMAND
    for (let minute = 0; minute < 240; minute++) demand = countReads(demand, 2, NOW + minute * MINUTE)
    expect(readsPerHour(demand, NOW + 240 * MINUTE)).toBeGreaterThan(115)
    expect(readsPerHour(demand, NOW + 240 * MINUTE)).toBeLessThan(125)
    expect(readsPerHour(demand, NOW + 255 * MINUTE)).toBeCloseTo(readsPerHour(demand, NOW + 240 * MINUTE) / 2)
    expect(readsPerHour(NO_DEMAND, NOW)).toBe(0)
  })

  it('does not grow by waiting, nor by a clock that is set back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 10 }), fc.integer({ min: -60, max: 60 })), { maxLength: 30 }),
        steps => {
          let [demand, now, given] = [NO_DEMAND, NOW, 0]
          for (const [reads, minutes] of steps) {
            now += minutes * MINUTE
            demand = countReads(demand, reads, now)
            given += reads
            expect(demand.reads).toBeLessThanOrEqual(given)
          }
        }
      )
    )
  })

  it('scales up when content is hot, down when it is idle, and not back and forth between', () => {
    expect([0, 61, 121, 241, 100_000].map(rate => demandLevel(0, rate))).toEqual([0, 1, 2, 3, 3])
    expect([59, 30, 15, 14, 0].map(rate => demandLevel(1, rate))).toEqual([1, 1, 1, 0, 0])
    expect([59, 29, 14].map(rate => demandLevel(3, rate))).toEqual([2, 1, 0])
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), fc.double({ min: 0, max: 1000, noNaN: true }), (level, rate) => {
        const next = demandLevel(level, rate)
        expect(demandLevel(next, rate)).toBe(next)
      })
    )
    expect([0, 1, 3, 9].map(level => scaledTarget(8, level))).toEqual([32, 64, 128, 128])
  })
})

it('what is rare or read is worth more than what lies about', () => {
  const content = { origin: 'peer', usedAt: NOW - 10 * 24 * 60 * MINUTE } as ContentInfo
  const worth = (knowledge: Parameters<typeof contentValue>[0] extends (c: never) => infer K ? K : never): number =>
    contentValue(() => knowledge)(content, NOW)
  const ascending = [
    worth({ state: 'healthy' }),
    worth({ state: 'healthy', readsPerHour: 2 }),
    worth({ state: 'degraded' }),
    worth({ state: 'critical' }),
    worth({ state: 'critical', readsPerHour: 5 })
  ]
  expect(ascending).toEqual([...ascending].sort((a, b) => a - b))
  expect(new Set(ascending).size).toBe(5)
  expect(worth({})).toBe(worth({ state: 'degraded' }))
})
