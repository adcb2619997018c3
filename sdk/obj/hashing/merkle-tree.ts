/**
 * Roots and paths of the trees described in hash-engine.ts. Splitting at the largest power of two below n, as RFC 9162 §2.1
 * defines it, and going up level by level with the odd node left alone give the same tree; the second needs no recursion.
 */
import { sha256 } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { HASH_BYTES, type HashEngine } from './hash-engine.ts'

/** A path has one hash a level; 2^20 leaves are more than any tree here has. */
export const MAX_PATH_HASHES = 20

/** @param leaf up to 1024 bytes of a piece */
export function leafHash(leaf: Uint8Array): Uint8Array {
  const message = new Uint8Array(1 + leaf.length)
  message.set(leaf, 1)
  return sha256(message)
}

/** The node above two hashes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const message = new Uint8Array(1 + 2 * HASH_BYTES)
  message[0] = 1
  message.set(left, 1)
  message.set(right, 1 + HASH_BYTES)
  return sha256(message)
}

/** @param leaves packed leaf hashes, at least one */
export function merkleRoot(engine: HashEngine, leaves: Uint8Array): Uint8Array {
  checkLeaves(leaves)
  let level = leaves
  while (level.length > HASH_BYTES) level = engine.parents(level)
  return level.slice()
}

/**
 * The hashes that lead from one leaf to the root, lowest first (RFC 9162 §2.1.3.1).
 * @param leaves packed leaf hashes
 * @returns packed; empty for a tree of one leaf
 * @throws CraftecError `invalid-argument` for an index outside of the tree
 */
export function merklePath(engine: HashEngine, leaves: Uint8Array, index: number): Uint8Array {
  checkLeaves(leaves)
  const count = leaves.length / HASH_BYTES
  if (!Number.isInteger(index) || index < 0 || index >= count)
    throw new CraftecError('invalid-argument', `leaf 0..${count - 1}, got ${index}`)
  const path: Uint8Array[] = []
  for (let level = leaves, at = index; level.length > HASH_BYTES; level = engine.parents(level), at >>= 1) {
    const sibling = (at ^ 1) * HASH_BYTES
    if (sibling < level.length) path.push(level.subarray(sibling, sibling + HASH_BYTES))
  }
  const packed = new Uint8Array(path.length * HASH_BYTES)
  for (const [position, hash] of path.entries()) packed.set(hash, position * HASH_BYTES)
  return packed
}

/** Hashes in the path of leaf `index` of `count`: 0..20. */
export function pathHashes(index: number, count: number): number {
  let hashes = 0
  for (let at = index, last = count - 1; last > 0; at >>= 1, last >>= 1) if ((at ^ 1) <= last) hashes++
  return hashes
}

/**
 * The root that a leaf and its path lead to (RFC 9162 §2.1.3.2).
 * @param leaf the leaf's hash
 * @param path packed, as a peer sent it
 * @returns undefined when the path has another length than leaf `index` of `count` has
 */
export function rootFromPath(leaf: Uint8Array, index: number, count: number, path: Uint8Array): Uint8Array | undefined {
  if (index >= count || path.length !== pathHashes(index, count) * HASH_BYTES) return undefined
  let hash = leaf
  for (let at = index, last = count - 1, next = 0; last > 0; at >>= 1, last >>= 1) {
    if ((at ^ 1) > last) continue
    const sibling = path.subarray(next, next + HASH_BYTES)
    next += HASH_BYTES
    hash = at % 2 === 0 ? nodeHash(hash, sibling) : nodeHash(sibling, hash)
  }
  return hash
}

function checkLeaves(leaves: Uint8Array): void {
  if (leaves.length === 0 || leaves.length % HASH_BYTES !== 0 || leaves.length / HASH_BYTES > 2 ** MAX_PATH_HASHES)
    throw new CraftecError('invalid-argument', `expected 1..2^20 packed hashes of 32 bytes, got ${leaves.length} bytes`)
}
