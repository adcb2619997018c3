import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteQueue } from './byte-queue.ts'

describe('ByteQueue', () => {
  it('gives back what was pushed, in order, however reads and writes are mixed', () => {
    const step = fc.oneof(fc.uint8Array({ maxLength: 9000 }), fc.constant('shift' as const))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const queue = new ByteQueue()
        const pushed: number[] = []
        const shifted: number[] = []
        for (const one of steps) {
          if (one === 'shift') shifted.push(...(queue.shift() ?? []))
          else {
            queue.push(one)
            pushed.push(...one)
          }
          expect(queue.length).toBe(pushed.length - shifted.length)
        }
        for (let bytes = queue.shift(); bytes !== undefined; bytes = queue.shift()) shifted.push(...bytes)
        expect(shifted).toEqual(pushed)
      })
    )
  })

  it('does not share memory with what was pushed', () => {
    const queue = new ByteQueue()
    const bytes = Uint8Array.of(1, 2, 3)
    queue.push(bytes)
    bytes.fill(9)
    expect(queue.shift()).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('holds a window of single bytes in few blocks', () => {
    const queue = new ByteQueue()
    for (let n = 0; n < 524_288; n++) queue.push(Uint8Array.of(n))
    let blocks = 0
    let allocated = 0
    for (let bytes = queue.shift(); bytes !== undefined; bytes = queue.shift()) {
      blocks++
      allocated += bytes.buffer.byteLength
    }
    expect(blocks).toBeLessThan(20)
    expect(allocated).toBeLessThan(524_288 + 65_536)
  })
})
