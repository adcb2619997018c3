/**
 * Who gets which share (docs/protocol/settlement.md, "Merkle rule"; the rule of the reference and its vectors): leaves are
 * SHA-256(operator ‖ weight), sorted by operator, filled up with zero hashes to a power of two; a single leaf is the root.
 */
import { CraftecError } from '../../errors/index.ts'
import { HASH_BYTES, type MerkleEntry, merkleLeaf, merkleNode } from '../merkle/index.ts'

/** The most that a distribution can keep a bitmap of; receipts allow more, but nobody builds those trees in a browser. */
const MAX_ENTRIES = 65_536
const MAX_TOTAL = 2n ** 64n - 1n

export interface MerkleTree {
  /** Sorted by operator: the order that indexes count in. */
  readonly entries: readonly MerkleEntry[]
  readonly root: Uint8Array
  readonly totalWeight: bigint
  /** Hashes from leaf to root. @throws CraftecError `invalid-argument` when there is no such entry */
  proof(index: number): readonly Uint8Array[]
  /** @returns -1 when the operator has no entry */
  indexOf(operator: Uint8Array): number
}

/**
 * @throws CraftecError `invalid-argument` for no entries, too many, two of one operator, or weights whose sum is zero or over u64;
 *   `limit-exceeded` for too many
 */
export function buildMerkleTree(entries: readonly MerkleEntry[]): MerkleTree {
  if (entries.length === 0) throw new CraftecError('invalid-argument', 'a distribution needs an entry')
  if (entries.length > MAX_ENTRIES) {
    throw new CraftecError('limit-exceeded', `at most ${MAX_ENTRIES} entries fit, got ${entries.length}`)
  }
  const sorted = [...entries].sort((left, right) => compareBytes(left.operator, right.operator))
  const totalWeight = sorted.reduce((sum, { weight }) => sum + weight, 0n)
  if (totalWeight === 0n || totalWeight > MAX_TOTAL) {
    throw new CraftecError('invalid-argument', `the weights sum up to ${totalWeight}, which is zero or over u64`)
  }
  for (const [index, { operator }] of sorted.entries()) {
    const before = sorted[index - 1]
    if (before !== undefined && compareBytes(before.operator, operator) === 0) {
      throw new CraftecError('invalid-argument', 'an operator has two entries')
    }
  }
  const levels = [padded(sorted.map(merkleLeaf))]
  for (let level = levels[0] ?? []; level.length > 1; levels.push(level)) level = parents(level)
  return {
    entries: sorted,
    root: levels.at(-1)?.[0] ?? zeroHash(),
    totalWeight,
    proof: index => {
      if (!Number.isInteger(index) || index < 0 || index >= sorted.length) {
        throw new CraftecError('invalid-argument', `there are ${sorted.length} entries, none at ${index}`)
      }
      return levels.slice(0, -1).map((level, height) => level[(index >> height) ^ 1] ?? zeroHash())
    },
    indexOf: operator => sorted.findIndex(entry => compareBytes(entry.operator, operator) === 0)
  }
}

function padded(leaves: Uint8Array[]): Uint8Array[] {
  const size = 2 ** Math.ceil(Math.log2(leaves.length))
  return [...leaves, ...Array.from({ length: size - leaves.length }, zeroHash)]
}

function parents(level: readonly Uint8Array[]): Uint8Array[] {
  return Array.from({ length: level.length / 2 }, (_, index) =>
    merkleNode(level[2 * index] ?? zeroHash(), level[2 * index + 1] ?? zeroHash())
  )
}

function zeroHash(): Uint8Array {
  return new Uint8Array(HASH_BYTES)
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  for (const [index, byte] of left.entries()) {
    const difference = byte - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}
