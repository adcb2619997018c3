import { ByteReader, ByteWriter, encodeHex } from '../../codec/index.ts'
import type { ContentRow } from './content-row.ts'
import { changeLedger, type Ledger } from './ledger-row.ts'
import { decodeSegmentRow, encodeSegmentRow, type PlacedPiece } from './segment-row.ts'
import { slotBytes } from './slot-size.ts'
import type { StoreCore } from './store-core.ts'
import type { IndexChange } from './store-index.ts'
import { aliasKey, homePrefix, pieceKey, REMOVAL_PREFIX, removalKey, segmentKey, segmentOf } from './store-keys.ts'
import { MAX_SEGMENTS } from './store-limits.ts'

/** Segments whose pieces are freed in one commit. */
const SEGMENTS_A_COMMIT = 64

/** @param ids piece ids in hex @returns how many there were */
export async function removePieces(
  core: StoreCore,
  manifest: string,
  segment: number,
  ids: ReadonlySet<string>
): Promise<number> {
  const row = await core.content(manifest)
  const held = row === undefined ? [] : await core.segment(row, segment)
  const gone = held.filter(({ record }) => ids.has(encodeHex(record.id)))
  if (row === undefined || gone.length === 0) return 0
  const kept = held.filter(piece => !gone.includes(piece))
  const { changes, ledger } = await core.recount(manifest, row, { segment, pieces: -gone.length })
  const value = kept.length === 0 ? undefined : encodeSegmentRow(kept)
  changes.push({ table: 'segment', key: segmentKey(row.home, segment), value })
  await free(core, row.pieceBytes, gone, changes.concat(inIndex(row.home, segment, gone)), ledger)
  return gone.length
}

/**
 * The content is gone with the first commit; its pieces are freed some segments at a time. What a crash leaves is freed at the next
 * open: the mark of the removal says so.
 * @param also changes of the same commit
 */
export async function removeContent(
  core: StoreCore,
  manifest: string,
  row: ContentRow,
  also: readonly IndexChange[] = []
): Promise<void> {
  const bytes = row.pieces * slotBytes(row.pieceBytes)
  core.kept.removed(manifest, row)
  const changes: IndexChange[] = [
    ...also,
    { table: 'content', key: manifest, value: undefined },
    { table: 'manifest', key: manifest, value: undefined },
    { table: 'alias', key: aliasKey(encodeHex(row.contentId), manifest), value: undefined }
  ]
  for (const { key } of await core.index.range('held', { prefix: homePrefix(row.home), limit: MAX_SEGMENTS }))
    changes.push({ table: 'held', key, value: undefined })
  if (row.peer !== undefined) changes.push(await core.peerChange(row.peer, -bytes))
  const ledger = changeLedger(core.ledger, {
    bytes: -bytes,
    contents: -1,
    pieces: -row.pieces,
    ...(row.origin === 'peer' ? { peersBytes: -bytes } : {})
  })
  await freeSegments(core, row, changes, ledger)
}

/** Go on with removals that were interrupted. @returns how many there were */
export async function finishRemovals(core: StoreCore): Promise<number> {
  const marks = await core.index.range('state', { prefix: REMOVAL_PREFIX, limit: Number.MAX_SAFE_INTEGER })
  for (const { value } of marks) {
    const reader = new ByteReader(value, 'removal row')
    await freeSegments(core, { home: Number(reader.u64()), pieceBytes: reader.u32() }, [], core.ledger)
  }
  return marks.length
}

async function freeSegments(
  core: StoreCore,
  { home, pieceBytes }: Pick<ContentRow, 'home' | 'pieceBytes'>,
  first: readonly IndexChange[],
  ledger: Ledger
): Promise<void> {
  const mark = new ByteWriter(12).u64(BigInt(home)).u32(pieceBytes).finish()
  let changes = [...first]
  for (;;) {
    const rows = await core.index.range('segment', { prefix: homePrefix(home), limit: SEGMENTS_A_COMMIT })
    const ends = rows.length < SEGMENTS_A_COMMIT
    const pieces: PlacedPiece[] = []
    for (const { key, value } of rows) {
      const ofSegment = decodeSegmentRow(value)
      pieces.push(...ofSegment)
      changes.push({ table: 'segment', key, value: undefined }, ...inIndex(home, segmentOf(key), ofSegment))
    }
    changes.push({ table: 'state', key: removalKey(home), value: ends ? undefined : mark })
    // It changes with the first commit; after that it is the same.
    await free(core, pieceBytes, pieces, changes, ledger)
    if (ends) return
    changes = []
  }
}

async function free(
  core: StoreCore,
  pieceBytes: number,
  pieces: readonly PlacedPiece[],
  changes: readonly IndexChange[],
  ledger: Ledger
): Promise<void> {
  const slots = pieces.map(({ slot }) => slot).filter(slot => slot !== undefined)
  const release = slots.length > 0 ? core.slabs?.release(pieceBytes, slots) : undefined
  try {
    await core.commit([...changes, ...(release?.changes ?? [])], ledger)
  } catch (error) {
    if (!core.stale) release?.undo()
    throw error
  }
  release?.done()
  if (release !== undefined) await core.slabs?.trim(pieceBytes)
}

function inIndex(home: number, segment: number, pieces: readonly PlacedPiece[]): IndexChange[] {
  return pieces
    .filter(({ slot }) => slot === undefined)
    .map(({ record }) => ({
      table: 'piece',
      key: pieceKey(home, segment, encodeHex(record.id)),
      value: undefined
    }))
}
