import { ByteReader, ByteWriter } from '../../codec/index.ts'
import type { ContentInfo } from './piece-store.ts'

const VERSION = 1
const PINNED = 1
const OF_PEER = 2
const LABELLED = 4

/** What is kept of a content beside its manifest; the key is the manifest id. */
export interface ContentRow extends Omit<ContentInfo, 'manifestId' | 'storedBytes'> {
  /**
   * Under which number its segments and pieces are kept; never used twice. Not the manifest id, so that content can change its name
   * in one step, and may come back while what is left of a former removal is still being freed.
   */
  readonly home: number
}

export function encodeContentRow(row: ContentRow): Uint8Array {
  const { label, peer } = row
  const writer = new ByteWriter(160)
    .u8(VERSION)
    .u8((row.pinned ? PINNED : 0) | (row.origin === 'peer' ? OF_PEER : 0) | (label === undefined ? 0 : LABELLED))
    .u64(BigInt(row.home))
    .bytes(row.contentId)
    .u32(row.pieceBytes)
    .u32(row.segments)
    .u64(BigInt(row.size))
    .u64(BigInt(Math.max(0, Math.floor(row.addedAt))))
    .u64(BigInt(Math.max(0, Math.floor(row.usedAt))))
    .u32(row.pieces)
  if (row.origin === 'peer') writer.string16(peer ?? '')
  if (label !== undefined) writer.string16(label.name).string16(label.type)
  return writer.finish()
}

/** @throws CraftecError `malformed` */
export function decodeContentRow(bytes: Uint8Array): ContentRow {
  const reader = new ByteReader(bytes, 'content row')
  const version = reader.u8()
  if (version !== VERSION) throw reader.malformed(`version ${version}`)
  const flags = reader.u8()
  const row = {
    pinned: (flags & PINNED) !== 0,
    origin: (flags & OF_PEER) === 0 ? ('own' as const) : ('peer' as const),
    home: Number(reader.u64()),
    contentId: reader.bytes(32).slice(),
    pieceBytes: reader.u32(),
    segments: reader.u32(),
    size: Number(reader.u64()),
    addedAt: Number(reader.u64()),
    usedAt: Number(reader.u64()),
    pieces: reader.u32(),
    ...((flags & OF_PEER) === 0 ? {} : { peer: reader.string16() }),
    ...((flags & LABELLED) === 0 ? {} : { label: { name: reader.string16(), type: reader.string16() } })
  }
  reader.end()
  return row
}
