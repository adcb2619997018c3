/**
 * What a holder says it has, in one hash: the storage Merkle tree of the reference (spec/obj.md §26), which its capability
 * announcements carry. It proves an inventory of ids and no data; audits do that. Not the tree of pieces: leaves are sorted, an odd
 * node is paired with itself, and nothing tells leaves from nodes.
 */
import { ByteWriter } from '../../codec/index.ts'
import { sha256 } from '../../crypto/index.ts'
import { equalBytes } from '../hashing/index.ts'

export interface InventoryEntry {
  readonly contentId: Uint8Array
  readonly segment: number
  readonly pieceId: Uint8Array
}

export interface InventoryStep {
  readonly hash: Uint8Array
  /** Whether it stands to the left of what is being proven. */
  readonly isLeft: boolean
}

export interface InventoryTree {
  readonly root: Uint8Array
  /** Sorted, without duplicates. */
  readonly leaves: readonly Uint8Array[]
  /** @returns undefined for an entry that is not in it */
  prove(entry: InventoryEntry): InventoryStep[] | undefined
}

export function inventoryTree(entries: Iterable<InventoryEntry>): InventoryTree {
  const sorted = Array.from(entries, inventoryLeaf).sort(compareBytes)
  const leaves = sorted.filter((leaf, index) => index === 0 || compareBytes(leaf, sorted[index - 1] ?? leaf) !== 0)
  const levels = [leaves]
  for (let level = leaves; level.length > 1; ) {
    level = parents(level)
    levels.push(level)
  }
  return {
    root: levels.at(-1)?.[0] ?? sha256(new Uint8Array(0)),
    leaves,
    prove: entry => {
      const leaf = inventoryLeaf(entry)
      let at = leaves.findIndex(known => equalBytes(known, leaf))
      if (at < 0) return undefined
      const path: InventoryStep[] = []
      for (const level of levels.slice(0, -1)) {
        // The last of an odd level is its own sibling.
        const hash = level[at ^ 1] ?? level[at]
        if (hash) path.push({ hash, isLeft: at % 2 === 1 })
        at >>= 1
      }
      return path
    }
  }
}

export function verifyInventory(root: Uint8Array, entry: InventoryEntry, path: readonly InventoryStep[]): boolean {
  let hash = inventoryLeaf(entry)
  for (const { hash: sibling, isLeft } of path) hash = isLeft ? node(sibling, hash) : node(hash, sibling)
  return equalBytes(hash, root)
}

function inventoryLeaf({ contentId, segment, pieceId }: InventoryEntry): Uint8Array {
  return sha256(new ByteWriter(68).bytes(contentId).u32(segment).bytes(pieceId).finish())
}

function parents(level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = []
  for (let at = 0; at < level.length; at += 2) {
    const left = level[at]
    if (left) above.push(node(left, level[at + 1] ?? left))
  }
  return above
}

function node(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(new ByteWriter(64).bytes(left).bytes(right).finish())
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  for (let index = 0; index < left.length; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
