import { ByteReader, ByteWriter } from '../../codec/index.ts'
import type { PieceRecord } from './piece-store.ts'
import { ID_BYTES, MAX_PIECES_PER_SEGMENT, MAX_PROVENANCE_BYTES } from './store-limits.ts'

const VERSION = 1
const NO_SLOT = 0xffff_ffff

/** A piece and where its bytes are. */
export interface PlacedPiece {
  readonly record: PieceRecord
  /** In the slab file of its size; undefined: in the index itself. */
  readonly slot: number | undefined
}

/** All pieces of one segment in one row, in the order in which they came. */
export function encodeSegmentRow(pieces: readonly PlacedPiece[]): Uint8Array {
  const writer = new ByteWriter(4 + pieces.length * 160).u8(VERSION).u16(pieces.length)
  for (const { record, slot } of pieces)
    writer
      .bytes(record.id)
      .bytes(record.root)
      .u8(record.coefficients.length)
      .bytes(record.coefficients)
      .bytes16(record.provenance)
      .u32(slot ?? NO_SLOT)
  return writer.finish()
}

/** Copies what it keeps. @throws CraftecError `malformed` */
export function decodeSegmentRow(bytes: Uint8Array): PlacedPiece[] {
  const reader = new ByteReader(bytes, 'segment row')
  const version = reader.u8()
  if (version !== VERSION) throw reader.malformed(`version ${version}`)
  const count = reader.u16()
  if (count > MAX_PIECES_PER_SEGMENT) throw reader.malformed(`${count} pieces`)
  const pieces: PlacedPiece[] = []
  for (let i = 0; i < count; i++) {
    const id = reader.bytes(ID_BYTES).slice()
    const root = reader.bytes(ID_BYTES).slice()
    const coefficients = reader.bytes(reader.u8()).slice()
    const provenance = reader.bytes16(MAX_PROVENANCE_BYTES).slice()
    const slot = reader.u32()
    pieces.push({ record: { id, root, coefficients, provenance }, slot: slot === NO_SLOT ? undefined : slot })
  }
  reader.end()
  return pieces
}
