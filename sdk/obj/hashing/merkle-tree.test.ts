import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../crypto/index.ts'
import { createJsHashEngine, HASH_BYTES, leafCount, merklePath, merkleRoot, pathHashes, rootFromPath } from './index.ts'

const engine = createJsHashEngine()
const hashes = (count: number): Uint8Array =>
  Uint8Array.from({ length: count }, (_, i) => i).reduce<Uint8Array>(
    (packed, i) => {
      packed.set(sha256(Uint8Array.of(i, i >> 8)), i * HASH_BYTES)
      return packed
    },
    new Uint8Array(count * HASH_BYTES)
  )

/** RFC 9162 §2.1.1, as it is written there. */
function rootByDefinition(leaves: Uint8Array): Uint8Array {
  const count = leaves.length / HASH_BYTES
  if (count === 1) return leaves
  let split = 1
  while (split * 2 < count) split *= 2
  const left = rootByDefinition(leaves.subarray(0, split * HASH_BYTES))
  const right = rootByDefinition(leaves.subarray(split * HASH_BYTES))
  return sha256(Uint8Array.of(1, ...left, ...right))
}

describe('a Merkle tree', () => {
  it('is that of RFC 9162 for every number of leaves', () => {
    for (let count = 1; count <= 70; count++)
      expect(merkleRoot(engine, hashes(count)), `${count} leaves`).toEqual(rootByDefinition(hashes(count)))
  })

  it('has a path for every leaf that leads to its root, and to no other from any other place', () => {
    for (const count of [1, 2, 3, 5, 8, 13, 48, 64, 65]) {
      const leaves = hashes(count)
      const root = merkleRoot(engine, leaves)
      for (let index = 0; index < count; index++) {
        const path = merklePath(engine, leaves, index)
        expect(path.length).toBe(pathHashes(index, count) * HASH_BYTES)
        const leaf = leaves.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)
        expect(rootFromPath(leaf, index, count, path)).toEqual(root)
        const other = (index + 1) % count
        if (other !== index) expect(rootFromPath(leaf, other, count, path)).not.toEqual(root)
      }
    }
  })

  it('takes no path of another length and no index outside, whatever bytes they have', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 0, max: 400 }),
        fc.uint8Array({ maxLength: 12 * HASH_BYTES }),
        (count, index, path) => {
          const root = rootFromPath(new Uint8Array(HASH_BYTES), index, count, path)
          const fits = index < count && path.length === pathHashes(index, count) * HASH_BYTES
          expect(root !== undefined).toBe(fits)
        }
      ),
      { numRuns: 500 }
    )
  })

  it('over a piece hashes leaves of 1 KiB, the last as short as it is', () => {
    const piece = Uint8Array.from({ length: 2 * 1024 + 7 }, (_, i) => i * 7)
    const leaves = [0, 1024, 2048].map(at => sha256(Uint8Array.of(0, ...piece.subarray(at, at + 1024))))
    expect(leafCount(piece.length)).toBe(3)
    expect(engine.leafHashes(piece)).toEqual(Uint8Array.from(leaves.flatMap(leaf => [...leaf])))
    expect(engine.pieceRoot(piece)).toEqual(merkleRoot(engine, engine.leafHashes(piece)))
  })
})
