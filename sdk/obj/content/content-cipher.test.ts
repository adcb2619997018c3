import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemRandom } from '../../async/index.ts'
import { cipherLayout, createContentCipher } from './index.ts'

const CHUNK = 1024
const key = systemRandom(32)
const cipher = createContentCipher(key, CHUNK)

function seal(plaintext: Uint8Array): Uint8Array[] {
  const { chunks } = cipherLayout(plaintext.length, CHUNK)
  return Array.from({ length: chunks }, (_, index) =>
    cipher.seal(index, index === chunks - 1, plaintext.subarray(index * CHUNK, (index + 1) * CHUNK))
  )
}

describe('encrypted content', () => {
  it('opens to what was sealed, chunk by chunk, and has the size that the layout says', () => {
    for (const size of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5]) {
      const plaintext = systemRandom(size)
      const sealed = seal(plaintext)
      expect(sealed.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(cipherLayout(size, CHUNK).storedBytes)
      const opened = sealed.flatMap((chunk, index) => [...cipher.open(index, index === sealed.length - 1, chunk)])
      expect(Uint8Array.from(opened)).toEqual(plaintext)
    }
  })

  it('is XChaCha20-Poly1305 under keys and nonces derived as documented', () => {
    const label = new TextEncoder().encode('craftec-obj-content-1')
    const derived = hkdf(sha256, key, label, label, 48)
    const plaintext = systemRandom(CHUNK)
    for (const [index, last] of [
      [0, false],
      [5, false],
      [2 ** 40 + 3, true]
    ] as const) {
      const nonce = new Uint8Array(24)
      nonce.set(derived.subarray(32))
      new DataView(nonce.buffer).setBigUint64(16, BigInt(index) + (last ? 2n ** 63n : 0n), true)
      expect(cipher.seal(index, last, plaintext)).toEqual(
        xchacha20poly1305(derived.subarray(0, 32), nonce, label).encrypt(plaintext)
      )
    }
  })

  it('does not open when a chunk is elsewhere, cut off, changed, or under another key', () => {
    const sealed = seal(systemRandom(3 * CHUNK))
    const [first, second, third] = sealed as [Uint8Array, Uint8Array, Uint8Array]
    const changed = first.slice()
    changed[7] = (changed[7] ?? 0) ^ 1
    for (const attempt of [
      () => cipher.open(1, false, first),
      () => cipher.open(0, false, second),
      () => cipher.open(1, true, second),
      () => cipher.open(2, false, third),
      () => cipher.open(0, false, changed),
      () => cipher.open(0, false, first.subarray(1)),
      () => cipher.open(0, false, new Uint8Array(3)),
      () => createContentCipher(systemRandom(32), CHUNK).open(0, false, first),
      () => createContentCipher(key, CHUNK * 2).open(0, true, first.subarray(0, 0))
    ])
      expect(attempt).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('is not made of chunks that are too short or too long', () => {
    for (const [index, last, bytes] of [
      [0, false, CHUNK - 1],
      [0, false, CHUNK + 1],
      [0, true, CHUNK + 1],
      [1, true, 0],
      [-1, true, 1],
      [0.5, true, 1]
    ] as const)
      expect(() => cipher.seal(index, last, new Uint8Array(bytes))).toThrow(
        expect.objectContaining({ code: 'invalid-argument' })
      )
    for (const chunkBytes of [0, 1023, 1024 ** 2 + 1, 4096.5, Number.NaN])
      expect(() => createContentCipher(key, chunkBytes)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    expect(() => createContentCipher(new Uint8Array(31), CHUNK)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' })
    )
  })

  it('finds the chunks of a range, and no others', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 20_000 }),
        fc.nat({ max: 20_000 }),
        fc.nat({ max: 20_000 }),
        (size, a, b) => {
          const [from, to] = [Math.min(a, b, size), Math.min(Math.max(a, b), size)]
          const layout = cipherLayout(size, CHUNK)
          const span = layout.span(from, to)
          if (from === to) expect([span.first, span.end, span.to]).toEqual([0, 0, 0])
          if (from < to) {
            expect(span.first * CHUNK).toBeLessThanOrEqual(from)
            expect(span.end * CHUNK).toBeGreaterThanOrEqual(to)
            expect((span.first + 1) * CHUNK).toBeGreaterThan(from)
            expect((span.end - 1) * CHUNK).toBeLessThan(to)
          }
          const bytes = (span.end - span.first) * (CHUNK + 16)
          const missing = span.end === layout.chunks ? layout.chunks * CHUNK - size : 0
          expect(span.to - span.from).toBe(bytes - missing)
        }
      )
    )
    for (const [from, to] of [
      [-1, 1],
      [2, 1],
      [0, 11]
    ] as const)
      expect(() => cipherLayout(10).span(from, to)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    expect(() => cipherLayout(Number.MAX_SAFE_INTEGER)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})
