import { unitVector } from '../coding/index.ts'
import { HASH_BYTES, nodeHash } from '../hashing/index.ts'
import { committedLeafHash, decodeProvenance, type PieceHeader } from '../piece/index.ts'

/** Proves where source pieces stand under a manifest; a `CommittedTable` is one. */
export interface CommittedPaths {
  /** Packed hashes from committed piece `index` to the root; undefined when too little is known. */
  path(index: number): Uint8Array | undefined
}

/**
 * The committed tree of a segment, as far as a reader knows it: the leaves of all source pieces, which it has once the segment is whole, and
 * what the paths of committed pieces showed that came. One piece of any part of the tree is usually enough for all of that part.
 * @param committed how many pieces the publisher committed to
 * @param sourceRoots root of each source piece
 * @param arrived verified pieces; recoded ones show nothing
 */
export function committedPaths(
  committed: number,
  sourceRoots: readonly Uint8Array[],
  arrived: readonly PieceHeader[]
): CommittedPaths {
  /** By level, then place. The lowest level has the leaves. */
  const levels: Map<number, Uint8Array>[] = []
  for (let last = committed - 1; ; last >>= 1) {
    levels.push(new Map())
    if (last === 0) break
  }
  const widthOf = (level: number): number => ((committed - 1) >> level) + 1
  for (const [index, root] of sourceRoots.entries())
    levels[0]?.set(index, committedLeafHash(index, unitVector(sourceRoots.length, index), root))
  for (const { coefficients, root, provenance } of arrived) {
    const origin = decodeProvenance(provenance)
    if (origin.kind !== 'committed') continue
    levels[0]?.set(origin.index, committedLeafHash(origin.index, coefficients, root))
    let at = 0
    for (const [level, nodes] of levels.entries()) {
      const sibling = (origin.index >> level) ^ 1
      if (sibling >= widthOf(level)) continue
      nodes.set(sibling, origin.path.slice(at, at + HASH_BYTES))
      at += HASH_BYTES
    }
  }
  for (const [level, nodes] of levels.entries())
    for (const [place, hash] of nodes) {
      const [left, right] = [nodes.get(place & ~1), nodes.get(place | 1)]
      const above = levels[level + 1]
      if (!above) continue
      if ((place ^ 1) >= widthOf(level)) above.set(place >> 1, hash)
      else if (left && right) above.set(place >> 1, nodeHash(left, right))
    }
  return {
    path: index => {
      const hashes: Uint8Array[] = []
      for (const [level, nodes] of levels.entries()) {
        const sibling = (index >> level) ^ 1
        if (sibling >= widthOf(level)) continue
        const hash = nodes.get(sibling)
        if (!hash) return undefined
        hashes.push(hash)
      }
      const packed = new Uint8Array(hashes.length * HASH_BYTES)
      for (const [position, hash] of hashes.entries()) packed.set(hash, position * HASH_BYTES)
      return packed
    }
  }
}
