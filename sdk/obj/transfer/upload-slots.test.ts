import { describe, expect, it } from 'vitest'
import { UploadSlots } from './upload-slots.ts'

describe('upload slots', () => {
  it('serve the same peer as often as it asks, and no more peers than there are slots', () => {
    const slots = new UploadSlots(2)
    expect([slots.take('a'), slots.take('a'), slots.take('b'), slots.take('c')]).toEqual([true, true, true, false])
    slots.give('a')
    expect(slots.take('c')).toBe(false)
    slots.give('a')
    expect(slots.take('c')).toBe(true)
    expect(slots.used).toBe(2)
  })

  it('are not freed by giving back what was never taken', () => {
    const slots = new UploadSlots(1)
    slots.take('a')
    slots.give('b')
    expect(slots.take('b')).toBe(false)
  })
})
