import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileModule } from '../wasm/index.ts'
import { createNobleEngine } from './noble-engine.ts'
import { createWasmCryptoEngine } from './wasm-engine.ts'

const noble = createNobleEngine()
const wasm = createWasmCryptoEngine(
  await compileModule(new URL('../../wasm/dist/chacha20-poly1305.wasm', import.meta.url))
)
const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
const fill = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 167 + seed * 31 + (i >> 7)) & 0xff)
/** Around vector, block, stride and buffer borders, and beyond what the kernel takes at once. */
const length = fc.oneof(
  fc.nat(520),
  fc.integer({ min: 4_000, max: 4_200 }),
  fc.constantFrom(65_535, 65_536, 65_537, 200_000)
)

describe('the wasm engine gives the same bytes as noble', () => {
  it('for the key stream from any block on, in place or not', () => {
    fc.assert(
      fc.property(
        bytes(32),
        bytes(12),
        fc.integer({ min: 0, max: 2 ** 32 - 5_000 }),
        length,
        fc.nat(255),
        (key, nonce, counter, size, seed) => {
          const data = fill(size, seed)
          const expected = noble.chacha20Xor(key, nonce, counter, data)
          expect(Buffer.compare(wasm.chacha20Xor(key, nonce, counter, data), expected)).toBe(0)
          wasm.chacha20Xor(key, nonce, counter, data, data)
          expect(Buffer.compare(data, expected)).toBe(0)
        }
      ),
      { numRuns: 150 }
    )
  })

  it('for sealing with any data and associated data, and opens what it sealed', () => {
    fc.assert(
      fc.property(bytes(32), bytes(12), length, fc.nat(1_200), fc.nat(255), (key, nonce, size, aadSize, seed) => {
        const aad = fill(aadSize, seed + 1)
        const data = fill(size, seed)
        const sealed = wasm.aeadSeal(key, nonce, data, { aad })
        expect(Buffer.compare(sealed, noble.aeadSeal(key, nonce, data, { aad }))).toBe(0)
        expect(Buffer.compare(wasm.aeadOpen(key, nonce, sealed, { aad }) ?? new Uint8Array(0), data)).toBe(0)
      }),
      { numRuns: 150 }
    )
  })

  it('for forgeries: refused, and the ciphertext left as it was', () => {
    fc.assert(
      fc.property(bytes(32), bytes(12), fc.integer({ min: 1, max: 600 }), fc.nat(), (key, nonce, size, where) => {
        const sealed = wasm.aeadSeal(key, nonce, fill(size, 3))
        const at = where % sealed.length
        sealed[at] = (sealed[at] ?? 0) ^ (1 << (where % 8))
        const data = sealed.slice(0, size)
        const before = data.slice()
        expect(wasm.aeadOpenInPlace(key, nonce, data, sealed.subarray(size))).toBe(false)
        expect(data).toEqual(before)
      }),
      { numRuns: 150 }
    )
  })
})
