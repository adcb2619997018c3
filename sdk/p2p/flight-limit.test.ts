import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FlightLimit, MIN_FLIGHT_BYTES } from './flight-limit.ts'

const FRAME_BYTES = 64 * 1024
const CREDIT_BYTES = 256 * 1024

/**
 * A path that carries `bytesPerMs` after a way of `wayMs` there and back; its receiver gives credit back in steps.
 * @returns the most that was on the way, and how long it took, in ms
 */
function send(totalBytes: number, path: { bytesPerMs: number; wayMs: number }, flight = new FlightLimit()) {
  let [now, free, taken, most, sent, owed] = [0, 0, 0, 0, 0, 0]
  const arrivals: { at: number; credit: number }[] = []
  while (sent < totalBytes || arrivals.length > 0) {
    if (sent < totalBytes && !flight.full) {
      flight.sent(FRAME_BYTES, now)
      sent += FRAME_BYTES
      free = Math.max(free, now) + FRAME_BYTES / path.bytesPerMs
      owed += FRAME_BYTES
      if (owed >= CREDIT_BYTES || sent >= totalBytes) {
        arrivals.push({ at: free + path.wayMs, credit: owed })
        owed = 0
      }
      most = Math.max(most, sent - taken)
      continue
    }
    const next = arrivals.shift()
    if (next === undefined) throw new Error('the sender waits for credit that nobody owes it')
    now = next.at
    taken += next.credit
    flight.returned(next.credit, now)
  }
  return { most, ms: now }
}

describe('what is on the way', () => {
  it('stays little where the way is short, whatever is sent', () => {
    const { most } = send(100e6, { bytesPerMs: 12_500, wayMs: 1 })
    expect(most).toBeLessThanOrEqual(2 * MIN_FLIGHT_BYTES)
  })

  it('grows to what a long way holds', () => {
    const path = { bytesPerMs: 12_500, wayMs: 150 }
    const { most, ms } = send(100e6, path)
    expect(most).toBeGreaterThan(path.bytesPerMs * path.wayMs)
    expect(ms).toBeLessThan((1.5 * 100e6) / path.bytesPerMs)
  })

  it('gets less again where queues grow', () => {
    const flight = new FlightLimit()
    send(100e6, { bytesPerMs: 12_500, wayMs: 150 }, flight)
    const before = room(flight)
    // the same peer, far slower: what is on the way waits
    for (let round = 0; round < 100; round++) {
      flight.sent(CREDIT_BYTES, 1e6 + round * 1_000)
      flight.returned(CREDIT_BYTES, 1e6 + round * 1_000 + 900)
    }
    expect(before).toBeGreaterThan(MIN_FLIGHT_BYTES)
    expect(room(flight)).toBe(MIN_FLIGHT_BYTES)
  })

  it('is not thought to have arrived because a receiver widens its window', () => {
    const flight = new FlightLimit()
    flight.returned(2 ** 21, 0)
    expect(room(flight)).toBe(MIN_FLIGHT_BYTES)
  })

  it('never keeps a sender from sending when all of it came back', () => {
    const step = fc.record({ bytes: fc.integer({ min: 64, max: 300_000 }), after: fc.integer({ min: 0, max: 5_000 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const flight = new FlightLimit()
        let now = 0
        for (const { bytes, after } of steps) {
          flight.sent(bytes, now)
          now += after
          flight.returned(bytes, now)
          expect(flight.full).toBe(false)
        }
      })
    )
  })
})

/** How much it takes at once. */
function room(flight: FlightLimit): number {
  let bytes = 0
  for (; !flight.full; bytes += 1_024) flight.sent(1_024, 0)
  flight.returned(bytes, 0)
  return bytes
}
