import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type MerkleEntry, merkleNode, verifyMerkleProof } from '../merkle/index.ts'
import { buildMerkleTree } from './merkle-tree.ts'

const entries = fc.uniqueArray(
  fc.record({
    operator: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    weight: fc.bigInt({ min: 1n, max: 2n ** 32n })
  }),
  { minLength: 1, maxLength: 40, selector: ({ operator }) => operator.join() }
)

function entryAt(list: readonly MerkleEntry[], index: number): MerkleEntry {
  const entry = list[index]
  if (entry === undefined) throw new Error('no such entry')
  return entry
}

describe('a Merkle tree', () => {
  it('proves each of its entries, whatever their order, and no other weight, index or proof', () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.nat(), (list, pick, flip) => {
        const tree = buildMerkleTree(list)
        expect(buildMerkleTree([...list].reverse()).root).toEqual(tree.root)
        const index = pick % list.length
        const entry = entryAt(tree.entries, index)
        const proof = tree.proof(index)
        const verify = (changes: object): boolean =>
          verifyMerkleProof(tree.root, list.length, { ...entry, index, proof, ...changes })
        expect(verify({})).toBe(true)
        expect(tree.indexOf(entry.operator)).toBe(index)
        expect(verify({ weight: entry.weight + 1n })).toBe(false)
        expect(verify({ index: index + list.length })).toBe(false)
        expect(verify({ proof: [...proof, new Uint8Array(32)] })).toBe(false)
        if (proof.length === 0) return
        expect(verify({ index: index ^ 1 })).toBe(false)
        expect(verify({ proof: proof.slice(1) })).toBe(false)
        const broken = proof.map((hash, at) => (at === flip % proof.length ? hash.map(byte => byte ^ 1) : hash))
        expect(verify({ proof: broken })).toBe(false)
        expect(verify({ proof: proof.map(hash => hash.subarray(1)) })).toBe(false)
      }),
      { numRuns: 60 }
    )
  })

  it('does not prove its padding: nobody claims the empty place', () => {
    const list = [1, 2, 3].map(byte => ({ operator: new Uint8Array(32).fill(byte), weight: 1n }))
    const tree = buildMerkleTree(list)
    const [left, right] = [entryAt(tree.entries, 0), entryAt(tree.entries, 1)]
    const beside = tree.proof(0)[1] ?? new Uint8Array()
    expect(beside).toEqual(tree.proof(1)[1])
    expect(tree.proof(2)).toEqual([
      new Uint8Array(32),
      merkleNode(tree.proof(1)[0] ?? left.operator, tree.proof(0)[0] ?? right.operator)
    ])
    expect(() => tree.proof(3)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })

  it('is refused of no entries, of an operator twice, of weights that sum to nothing or to too much', () => {
    const operator = new Uint8Array(32)
    const refused: [readonly MerkleEntry[], string][] = [
      [[], 'invalid-argument'],
      [[{ operator, weight: 0n }], 'invalid-argument'],
      [[{ operator: operator.subarray(1), weight: 1n }], 'invalid-argument'],
      [[1n, 2n].map(weight => ({ operator, weight })), 'invalid-argument'],
      [[0, 1].map(byte => ({ operator: new Uint8Array(32).fill(byte), weight: 2n ** 63n })), 'invalid-argument'],
      [Array.from({ length: 65_537 }, () => ({ operator, weight: 1n })), 'limit-exceeded']
    ]
    for (const [list, code] of refused) expect(() => buildMerkleTree(list)).toThrow(expect.objectContaining({ code }))
  })
})
