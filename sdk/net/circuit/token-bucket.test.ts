import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

describe('token bucket', () => {
  it('never grants more than the burst and the rate allow over any time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 400 }), { maxLength: 200 }), pausesMs => {
        const bucket = new TokenBucket(10, 5, 0)
        let nowMs = 0
        let granted = 0
        for (const pauseMs of pausesMs) {
          nowMs += pauseMs
          if (bucket.take(nowMs)) granted++
          expect(granted).toBeLessThanOrEqual(5 + (nowMs / 1000) * 10 + 1e-6)
        }
      })
    )
  })

  it('grants again after a pause', () => {
    const bucket = new TokenBucket(10, 2, 0)
    expect([bucket.take(0), bucket.take(0), bucket.take(0), bucket.take(99), bucket.take(100)]).toEqual([
      true,
      true,
      false,
      false,
      true
    ])
  })
})
