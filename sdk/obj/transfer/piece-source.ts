import { createDecoder, createJsEngine } from '../coding/index.ts'
import type { PieceRecord, PieceStore } from '../store/index.ts'
import { committedIndex } from './committed-index.ts'
import { IndexSet, MAX_COMMITTED } from './index-set.ts'
import type { SegmentHoldings, Want } from './transfer-message.ts'

const MAX_COUNTED = 255

/** What a store has of one segment, as others are told. */
export async function segmentHoldings(
  store: Pick<PieceStore, 'pieces'>,
  manifestId: Uint8Array,
  segment: number
): Promise<SegmentHoldings> {
  const committed = new IndexSet()
  let recoded = 0
  for (const { provenance } of await store.pieces(manifestId, segment)) {
    const index = committedIndex(provenance)
    if (index === undefined) recoded++
    else if (index < MAX_COMMITTED) committed.add(index)
  }
  return { committed, recoded: Math.min(recoded, MAX_COUNTED) }
}

/**
 * Which held pieces answer a want: the committed ones it names, then recoded ones outside of the span of what the asker holds.
 * Making new combinations would help no reader: they lie in the span of what is held here, so either a held piece is new to the
 * asker and is sent as it is, or nothing is.
 */
export function choosePieces(held: readonly PieceRecord[], want: Want): PieceRecord[] {
  const chosen: PieceRecord[] = []
  const recoded: PieceRecord[] = []
  const left = IndexSet.of(...want.committed)
  for (const record of held) {
    const index = committedIndex(record.provenance)
    if (index === undefined) recoded.push(record)
    else if (left.has(index)) {
      left.delete(index)
      chosen.push(record)
    }
  }
  if (want.recoded === 0 || recoded.length === 0) return chosen
  const k = recoded[0]?.coefficients.length ?? 0
  // one byte a piece: only the rows matter
  const span = createDecoder(createJsEngine(), { k, pieceBytes: 1 })
  for (const row of want.rows) if (row.length === k) span.commit(row)
  const wanted = chosen.length + want.recoded
  for (const record of recoded) {
    if (chosen.length === wanted) break
    if (span.commit(record.coefficients) === 'innovative') chosen.push(record)
  }
  span.release()
  return chosen
}
