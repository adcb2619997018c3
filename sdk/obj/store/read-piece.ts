import { encodeHex } from '../../codec/index.ts'
import type { ContentRow } from './content-row.ts'
import type { PlacedPiece } from './segment-row.ts'
import type { StoreCore } from './store-core.ts'
import { pieceKey } from './store-keys.ts'

/**
 * Fill `into` with the piece's bytes from `from` on. Call it within `slabs.reading`, unless it is the writer's turn.
 * @returns false when they are not there: the file was cut, or the row is gone
 */
export async function readPieceBytes(
  core: StoreCore,
  { home, pieceBytes }: Pick<ContentRow, 'home' | 'pieceBytes'>,
  segment: number,
  { record, slot }: PlacedPiece,
  { from, into }: { from: number; into: Uint8Array }
): Promise<boolean> {
  if (slot !== undefined) return (await core.slabs?.read(pieceBytes, slot, from, into)) ?? false
  const data = await core.index.get('piece', pieceKey(home, segment, encodeHex(record.id)))
  if (data?.length !== pieceBytes) return false
  into.set(data.subarray(from, from + into.length))
  return true
}
