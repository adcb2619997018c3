import { throwIfAborted } from '../../async/index.ts'
import { decodeHex, encodeHex } from '../../codec/index.ts'
import type { ContentRow } from './content-row.ts'
import type { LostPiece, VerifyOptions, VerifyReport } from './piece-store.ts'
import { readPieceBytes } from './read-piece.ts'
import type { PlacedPiece } from './segment-row.ts'
import type { StoreCore } from './store-core.ts'
import { homePrefix, segmentOf } from './store-keys.ts'
import { MAX_LISTED_LOSSES } from './store-limits.ts'

/** Rows of segments in memory at a time. */
const ROWS_A_READ = 16

/** Removes pieces of a segment, in the writer's turn. */
export type DropPieces = (manifest: string, segment: number, ids: ReadonlySet<string>) => Promise<number>

/** Read a piece and compute its root anew. */
export async function isIntact(
  core: StoreCore,
  row: ContentRow,
  segment: number,
  piece: PlacedPiece
): Promise<boolean> {
  const data = new Uint8Array(row.pieceBytes)
  if (!(await readPieceBytes(core, row, segment, piece, { from: 0, into: data }))) return false
  const root = core.pieceRoot(data)
  return piece.record.root.every((byte, index) => byte === root[index])
}

/** Whether the last byte of the piece is where it should be. */
export async function isThere(core: StoreCore, row: ContentRow, segment: number, piece: PlacedPiece): Promise<boolean> {
  return readPieceBytes(core, row, segment, piece, { from: row.pieceBytes - 1, into: new Uint8Array(1) })
}

/** Look at every piece with `check`, and drop those that fail. */
export async function sweepPieces(
  core: StoreCore,
  check: typeof isIntact,
  drop: DropPieces,
  { signal, onProgress }: VerifyOptions = {}
): Promise<VerifyReport> {
  const lost: LostPiece[] = []
  let [checked, lostCount] = [0, 0]
  for await (const { manifest, segment } of heldSegments(core)) {
    throwIfAborted(signal, 'verification')
    const found = await checkSegment(core, check, manifest, segment)
    checked += found.checked
    if (found.broken.size > 0) {
      lostCount += await drop(manifest, segment, found.broken)
      for (const id of found.broken)
        if (lost.length < MAX_LISTED_LOSSES) lost.push({ manifestId: decodeHex(manifest), segment, id: decodeHex(id) })
    }
    onProgress?.(checked, Math.max(checked, core.ledger.pieces))
  }
  return { checked, lost, lostCount }
}

/** All segments that have pieces; what changes meanwhile may be in it or not. */
async function* heldSegments(core: StoreCore): AsyncGenerator<{ manifest: string; segment: number }> {
  for (let after: string | undefined; ; ) {
    const [content] = await core.index.range('content', { limit: 1, ...(after === undefined ? {} : { after }) })
    if (content === undefined) return
    after = content.key
    const row = await core.content(content.key)
    if (row === undefined) continue
    for (let last: string | undefined; ; ) {
      const range = { prefix: homePrefix(row.home), limit: ROWS_A_READ, ...(last === undefined ? {} : { after: last }) }
      const segments = await core.index.range('segment', range)
      for (const { key } of segments) yield { manifest: content.key, segment: segmentOf(key) }
      last = segments.at(-1)?.key
      if (segments.length < ROWS_A_READ) break
    }
  }
}

/** One segment under one look-up: its slots stay what they are meanwhile. */
async function checkSegment(
  core: StoreCore,
  check: typeof isIntact,
  manifest: string,
  segment: number
): Promise<{ checked: number; broken: ReadonlySet<string> }> {
  const broken = new Set<string>()
  const task = async (): Promise<number> => {
    const row = await core.content(manifest)
    if (row === undefined) return 0
    const pieces = await core.segment(row, segment)
    for (const piece of pieces) if (!(await check(core, row, segment, piece))) broken.add(encodeHex(piece.record.id))
    return pieces.length
  }
  return { checked: await (core.slabs?.reading(task) ?? task()), broken }
}
