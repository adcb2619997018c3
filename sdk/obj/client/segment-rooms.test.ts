import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { SegmentRooms } from './segment-rooms.ts'

/** A room that was used and came back. */
function usedRoom(rooms: SegmentRooms): ArrayBufferLike {
  const { buffer } = rooms.take(64)
  rooms.give(buffer)
  return buffer
}

describe('rooms of segments', () => {
  it('serve the next put as well, and are given back when none comes', async () => {
    const clock = new ManualClock()
    const rooms = new SegmentRooms(2, clock)
    const end = rooms.use()
    const buffer = usedRoom(rooms)
    end()
    await clock.advance(1_999)
    const endNext = rooms.use()
    await clock.advance(10_000)
    expect(rooms.take(64).buffer).toBe(buffer)
    rooms.give(buffer)
    endNext()
    await clock.advance(2_000)
    expect(buffer.byteLength).toBe(0)
    expect(rooms.take(64).buffer).not.toBe(buffer)
  })

  it('stay while anybody uses them', async () => {
    const clock = new ManualClock()
    const rooms = new SegmentRooms(2, clock)
    const [first, second] = [rooms.use(), rooms.use()]
    const buffer = usedRoom(rooms)
    first()
    await clock.advance(10_000)
    expect(buffer.byteLength).toBe(64)
    second()
    await clock.advance(2_000)
    expect(buffer.byteLength).toBe(0)
  })

  it('are no more than allowed, of the size that was asked for last, and never one that was given away', () => {
    const rooms = new SegmentRooms(1, new ManualClock())
    const [one, other] = [rooms.take(64), rooms.take(64)]
    rooms.give(one.buffer)
    rooms.give(other.buffer)
    expect(rooms.take(64).buffer).toBe(one.buffer)
    structuredClone(one, { transfer: [one.buffer as ArrayBuffer] })
    rooms.give(one.buffer)
    expect(rooms.take(64).length).toBe(64)
    rooms.give(other.buffer)
    expect(rooms.take(32).length).toBe(32)
  })
})
