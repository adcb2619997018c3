import type { ContentRow } from './content-row.ts'
import type { StoreCore } from './store-core.ts'
import { heldKey, SEGMENTS_A_HELD_ROW } from './store-keys.ts'

/** Pieces held of each segment: from rows of 256 counts, without the rows of the segments. */
export async function heldCounts(core: StoreCore, { home, segments }: ContentRow): Promise<Uint16Array> {
  const counts = new Uint16Array(segments)
  for (let from = 0; from < segments; from += SEGMENTS_A_HELD_ROW) {
    const row = await core.index.get('held', heldKey(home, from))
    if (row === undefined) continue
    const view = new DataView(row.buffer, row.byteOffset, row.byteLength)
    const end = Math.min(segments, from + SEGMENTS_A_HELD_ROW)
    for (let segment = from; segment < end; segment++) counts[segment] = view.getUint16((segment - from) * 2)
  }
  return counts
}
