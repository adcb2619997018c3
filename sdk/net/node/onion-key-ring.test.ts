import { describe, expect, it } from 'vitest'
import { systemRandom } from '../../async/index.ts'
import { EPOCH_MS, OnionKeyRing } from './onion-key-ring.ts'

const START_MS = 20_000 * EPOCH_MS + 1234

describe('onion keys of a relay', () => {
  it('are due daily; the one before stays, the one before that is overwritten', () => {
    const ring = new OnionKeyRing(systemRandom, START_MS)
    const [first] = ring.keys
    expect(ring.isDue(START_MS + EPOCH_MS - 1)).toBe(false)
    expect(ring.isDue(START_MS + EPOCH_MS)).toBe(true)
    ring.rotate(START_MS + EPOCH_MS)
    expect(ring.isDue(START_MS + EPOCH_MS)).toBe(false)
    expect(ring.keys).toHaveLength(2)
    expect(ring.keys[1]).toBe(first)
    expect(first?.privateKey.some(byte => byte !== 0)).toBe(true)
    ring.rotate(START_MS + 2 * EPOCH_MS)
    expect(ring.keys.map(key => key.epoch)).toEqual([20_002, 20_001])
    expect(first?.privateKey.every(byte => byte === 0)).toBe(true)
  })

  it('never reuse an epoch, though a key is renewed early', () => {
    const ring = new OnionKeyRing(systemRandom, START_MS)
    ring.rotate(START_MS + 1000)
    ring.rotate(START_MS + 2000)
    expect(ring.keys.map(key => key.epoch)).toEqual([20_002, 20_001])
  })

  it('are honoured for their own epoch and the next', () => {
    const [key] = new OnionKeyRing(systemRandom, START_MS).keys
    expect(key?.notAfter).toBe(Math.floor((START_MS + 2 * EPOCH_MS) / 1000))
  })
})
