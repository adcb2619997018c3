import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemRandom } from '../../async/index.ts'
import { ReplayCache } from './replay-cache.ts'

const tag = (n: number): Uint8Array => {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(4, n)
  return bytes
}

describe('replay cache', () => {
  it('answers as a set does', () => {
    const tags = fc.array(fc.uint8Array({ minLength: 16, maxLength: 16, max: 1 }), { maxLength: 300 })
    fc.assert(
      fc.property(tags, all => {
        const cache = new ReplayCache(10_000, systemRandom)
        const model = new Set<string>()
        for (const one of all) {
          // Half a tag decides, and its first word is never zero.
          const key = `${one.subarray(0, 4).some(byte => byte > 0) ? one.subarray(0, 4) : '0,0,0,1'}/${one.subarray(4, 8)}`
          expect(cache.add(one)).toBe(model.has(key) ? 'seen' : 'new')
          model.add(key)
        }
        expect(cache.size).toBe(model.size)
      })
    )
  })

  it('refuses what is new when it is full, and still knows what it has seen', () => {
    const cache = new ReplayCache(5000, systemRandom)
    for (let n = 0; n < 5000; n++) expect(cache.add(tag(n))).toBe('new')
    expect(cache.add(tag(5000))).toBe('full')
    for (let n = 0; n < 5000; n++) expect(cache.add(tag(n))).toBe('seen')
  })
})
