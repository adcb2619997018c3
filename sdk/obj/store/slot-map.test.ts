import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PAGE_BYTES, PAGE_SLOTS, pagesOf, SlotMap } from './slot-map.ts'
import { slotBytes } from './slot-size.ts'

describe('a slot map', () => {
  it('never gives a slot twice, always the lowest free ones, and saves what is taken', () => {
    const action = fc.oneof(
      fc.record({ take: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ free: fc.double({ min: 0, max: 0.999, noNaN: true }), waits: fc.boolean() }),
      fc.constant('wake' as const)
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), actions => {
        const map = new SlotMap()
        const taken = new Set<number>()
        const resting = new Set<number>()
        for (const action of actions) {
          if (action === 'wake') {
            map.wake([...resting])
            for (const slot of resting) taken.delete(slot)
            resting.clear()
          } else if ('take' in action) {
            const expected: number[] = []
            for (let slot = 0; expected.length < action.take; slot++) if (!taken.has(slot)) expected.push(slot)
            expect(map.take(action.take)).toEqual(expected)
            for (const slot of expected) taken.add(slot)
          } else {
            const slot = [...taken][Math.floor(action.free * taken.size)]
            if (slot === undefined || resting.has(slot)) continue
            map.rest([slot])
            if (action.waits) resting.add(slot)
            else {
              map.wake([slot])
              taken.delete(slot)
            }
          }
          expect(map.end).toBe(Math.max(-1, ...taken) + 1)
          const saved = map.page(0)
          const bits = Array.from({ length: PAGE_SLOTS }, (_, slot) => ((saved?.[slot >> 3] ?? 0) >> (slot & 7)) & 1)
          const isTaken = bits.flatMap((bit, slot) => (bit === 1 ? [slot] : []))
          expect(isTaken).toEqual([...taken].filter(slot => !resting.has(slot)).sort((a, b) => a - b))
        }
      }),
      { numRuns: 100 }
    )
  })

  it('goes on from what was saved, over page boundaries', () => {
    const before = new SlotMap()
    const slots = before.take(PAGE_SLOTS + 10)
    before.wake([5, PAGE_SLOTS + 3])
    const after = new SlotMap()
    for (const page of pagesOf(slots)) after.load(page, before.page(page) ?? new Uint8Array(PAGE_BYTES))
    expect(after.end).toBe(PAGE_SLOTS + 10)
    expect(after.take(3)).toEqual([5, PAGE_SLOTS + 3, PAGE_SLOTS + 10])
  })

  it('saves no page without a taken slot, and refuses pages of another size', () => {
    const map = new SlotMap()
    const slots = map.take(3)
    map.rest(slots)
    expect(map.page(0)).toBeUndefined()
    map.unrest(slots)
    expect(map.page(0)?.[0]).toBe(7)
    expect(() => map.load(0, new Uint8Array(PAGE_BYTES - 1))).toThrow(RangeError)
  })
})

describe('slots', () => {
  it('hold their piece, waste at most a fifth beyond 4 KiB, and fit the default pieces exactly', () => {
    expect(slotBytes(262_144)).toBe(262_144)
    expect(slotBytes(1)).toBe(1_024)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 * 1024 * 1024 }), pieceBytes => {
        const slot = slotBytes(pieceBytes)
        expect(slot).toBeGreaterThanOrEqual(pieceBytes)
        expect(slotBytes(slot)).toBe(slot)
        if (pieceBytes > 4_096) expect((slot - pieceBytes) / slot).toBeLessThanOrEqual(0.2)
      })
    )
  })
})
