import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../sdk/async/index.ts'
import { ByteRate } from './byte-rate.ts'

describe('byte rate', () => {
  it('lets any schedule of transfers through at no more than the rate and a quarter of a second', () => {
    const transfers = fc.array(fc.record({ bytes: fc.nat(100_000), pauseMs: fc.nat(500) }), { maxLength: 100 })
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 10_000_000 }), transfers, (bytesPerSecond, steps) => {
        let now = 1000
        const rate = new ByteRate(bytesPerSecond, { ...systemClock, monotonic: () => now })
        let passed = 0
        for (const { bytes, pauseMs } of steps) {
          now += pauseMs
          passed += bytes
          now += rate.spend(bytes)
          const allowed = ((now - 1000) / 1000 + 0.25) * bytesPerSecond
          expect(passed).toBeLessThanOrEqual(allowed * 1.000001 + 1)
        }
      })
    )
  })

  it('does not make up for idle time by a flood', () => {
    let now = 0
    const rate = new ByteRate(1000, { ...systemClock, monotonic: () => now })
    now = 3_600_000
    expect(rate.spend(250)).toBe(0)
    expect(rate.spend(1000)).toBe(1000)
  })
})
