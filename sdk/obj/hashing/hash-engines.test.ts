import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import { createNobleEngine } from '../../crypto/index.ts'
import { compileModule } from '../../wasm/index.ts'
import { createJsHashEngine, HASH_BYTES, loadHashEngine } from './index.ts'
import { createWasmHashEngine } from './wasm-hash-engine.ts'

const reference = createJsHashEngine()
const random = seededRandom('hash engines')
const kernel = await compileModule(new URL('../../../wasm/dist/obj-hash.wasm', import.meta.url))
const engines = [
  ['js', createJsHashEngine()],
  ['wasm-simd', await loadHashEngine({ engine: 'wasm-simd' })],
  // as in a browser, where nothing hashes streams natively
  ['wasm-simd', createWasmHashEngine(kernel, createNobleEngine())]
] as const

describe.each(engines)('engine %s', (name, engine) => {
  it('says what it is', () => {
    expect(engine.name).toBe(name)
  })

  it('hashes a message of any length, in any parts, as SHA-256 does', () => {
    for (let length = 0; length <= 400; length++) {
      const message = random(length)
      expect(engine.stream().update(message).digest()).toEqual(sha256(message))
    }
    const long = random(300_000)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 70_000 }), { maxLength: 12 }), lengths => {
        const stream = engine.stream()
        let at = 0
        for (const length of lengths) {
          stream.update(long.subarray(at, at + length))
          at = Math.min(at + length, long.length)
        }
        expect(stream.digest()).toEqual(sha256(long.subarray(0, at)))
      }),
      { numRuns: 30 }
    )
  })

  it('hashes messages that take turns, with trees made in between', () => {
    const [left, right] = [engine.stream(), engine.stream()]
    const parts = [random(100), random(65_536), random(1), random(70_001), random(63)]
    for (const part of parts) {
      left.update(part)
      engine.pieceRoot(random(500_000))
      right.update(part).update(part)
    }
    const all = (times: number): Uint8Array =>
      Uint8Array.from(parts.flatMap(part => Array.from({ length: times }, () => [...part]).flat()))
    expect(left.digest()).toEqual(sha256(all(1)))
    expect(right.digest()).toEqual(sha256(all(2)))
  })

  it('makes the tree of a piece of any length', () => {
    for (const bytes of [
      1,
      55,
      56,
      63,
      64,
      1023,
      1024,
      1025,
      3 * 1024,
      4096,
      4097,
      5000,
      7 * 1024,
      16_384,
      33_000,
      262_144
    ]) {
      const piece = random(bytes)
      expect(engine.leafHashes(piece), `${bytes}`).toEqual(reference.leafHashes(piece))
      expect(engine.pieceRoot(piece), `${bytes}`).toEqual(reference.pieceRoot(piece))
    }
  })

  it('goes up a level of any length', () => {
    for (let count = 1; count <= 40; count++) {
      const hashes = random(count * HASH_BYTES)
      expect(engine.parents(hashes), `${count}`).toEqual(reference.parents(hashes))
    }
  })
})

it('an engine that cannot be had is refused if asked for, and replaced if not', async () => {
  const wasmUrl = new URL('file:///nowhere/obj-hash.wasm')
  expect((await loadHashEngine({ wasmUrl })).name).toBe('js')
  await expect(loadHashEngine({ wasmUrl, engine: 'wasm-simd' })).rejects.toMatchObject({ code: 'unsupported' })
})
