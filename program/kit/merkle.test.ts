import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PublicKey } from '@solana/web3.js'
import { describe, expect, it } from 'vitest'
import { Tree } from './merkle.ts'

interface MerkleVector {
  readonly n: number
  readonly root: string
  readonly entries_sorted: readonly (readonly [string, number])[]
  readonly proofs: readonly { readonly leaf_index: number; readonly siblings: readonly string[] }[]
}

const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, '../../test/vectors/merkle.json'), 'utf8')) as {
  readonly cases: readonly MerkleVector[]
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe("the distribution tree is the reference's", () => {
  for (const { n, root, entries_sorted, proofs } of cases.filter(vector => vector.n > 0)) {
    it(`of ${n} entries`, () => {
      const entries = entries_sorted.map(([key, weight]) => ({
        operator: new PublicKey(Buffer.from(key, 'hex')),
        weight: BigInt(weight)
      }))
      const tree = new Tree(entries)
      expect(hex(tree.root)).toBe(root)
      for (const { leaf_index, siblings } of proofs) expect(tree.proof(leaf_index).map(hex)).toEqual(siblings)
    })
  }
})
