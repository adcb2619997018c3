import { describe, expect, it } from 'vitest'
import { hostileBytes } from '../../../test/vectors/hostile-bytes.ts'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import { createIdentity } from '../../identity/index.ts'
import { createJsHashEngine, HASH_BYTES, rootFromPath } from '../hashing/index.ts'
import { committedLeafHash, decodeProvenance } from '../piece/index.ts'
import { createCommittedTable, encodeCommittedTable, openCommittedTable, signManifest } from './index.ts'

const engine = createJsHashEngine()
const random = seededRandom('committed tables')
const [K, COUNT] = [5, 7]
const table = createCommittedTable(engine, K, random(2 * K), random(COUNT * HASH_BYTES))
const manifest = await signManifest(
  {
    contentId: new Uint8Array(32),
    size: 2 * K * 1024,
    segmentBytes: K * 1024,
    pieceBytes: 1024,
    createdAt: 0,
    segments: [table.root, random(HASH_BYTES)].map(root => ({
      hash: new Uint8Array(32),
      committed: COUNT,
      committedRoot: root
    }))
  },
  createIdentity()
)

describe('a committed table', () => {
  it('proves the place of each of its pieces', () => {
    for (let index = 0; index < COUNT; index++) {
      const leaf = committedLeafHash(index, table.coefficients(index), table.pieceRoot(index))
      expect(rootFromPath(leaf, index, COUNT, table.path(index))).toEqual(table.root)
      expect(decodeProvenance(table.provenance(index))).toEqual({ kind: 'committed', index, path: table.path(index) })
      expect(table.find(table.coefficients(index), table.pieceRoot(index))).toBe(index)
      expect(table.find(table.coefficients(index), table.pieceRoot((index + 1) % COUNT))).toBe(-1)
    }
    expect(table.coefficients(2)).toEqual(Uint8Array.of(0, 0, 1, 0, 0))
  })

  it('is taken from anyone, if it comes to the root in the manifest', () => {
    const bytes = encodeCommittedTable(table)
    expect(encodeCommittedTable(openCommittedTable(engine, manifest, 0, bytes))).toEqual(bytes)
    expect(() => openCommittedTable(engine, manifest, 1, bytes)).toThrow(expect.objectContaining({ code: 'malformed' }))
    expect(() => openCommittedTable(engine, manifest, 2, bytes)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' })
    )
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at] = (changed[at] ?? 0) ^ 0x40
      expect(() => openCommittedTable(engine, manifest, 0, changed)).toThrow(
        expect.objectContaining({ code: 'malformed' })
      )
    }
    const garbage = hostileBytes('tables')
    for (let length = 0; length < 600; length++)
      expect(() => openCommittedTable(engine, manifest, 0, garbage(length))).toThrow(
        expect.objectContaining({ code: 'malformed' })
      )
  })

  it('has no parity that says nothing, and no more pieces than a manifest may have', () => {
    expect(() => createCommittedTable(engine, K, new Uint8Array(K), random(6 * HASH_BYTES))).toThrow(
      expect.objectContaining({ code: 'malformed' })
    )
    for (const roots of [4, 257])
      expect(() => createCommittedTable(engine, K, new Uint8Array(0), new Uint8Array(roots * HASH_BYTES))).toThrow(
        expect.objectContaining({ code: 'invalid-argument' })
      )
  })
})
