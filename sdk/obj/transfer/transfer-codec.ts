import { ByteReader, ByteWriter } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { MAX_PIECE_BYTES, MAX_SOURCE_PIECES } from '../coding/index.ts'
import { IndexSet } from './index-set.ts'
import {
  CHUNK_BYTES,
  ID_BYTES,
  MANIFEST_PART_BYTES,
  MAX_CHALLENGE_BYTES,
  MAX_HAVE_SEGMENTS,
  MAX_MANIFEST_BYTES,
  MAX_OFFER_PIECES,
  MAX_PEER_RECORDS,
  MAX_PROOF_BYTES,
  MAX_PROVENANCE_BYTES,
  MAX_RECORD_BYTES,
  MAX_RETRY_AFTER_MS,
  MAX_TRANSFER_FRAME_BYTES
} from './transfer-limits.ts'
import type { ByeReason, EndReason, SegmentHoldings, TransferKind, TransferMessage } from './transfer-message.ts'

/** First byte of every message: the position in this list. */
const KINDS: readonly TransferKind[] = [
  'manifest-request',
  'manifest',
  'query',
  'have',
  'want',
  'cancel',
  'piece',
  'chunk',
  'end',
  'offer',
  'grant',
  'stored',
  'challenge',
  'proof',
  'peers-request',
  'peers',
  'bye'
]
const END_REASONS: readonly EndReason[] = ['done', 'exhausted', 'unknown', 'busy', 'refused', 'cancelled', 'invalid']
const BYE_REASONS: readonly ByeReason[] = ['done', 'idle', 'stopping', 'protocol']

/** @throws CraftecError `invalid-argument` when a field breaks the bounds of docs/protocol/craftobj.md */
export function encodeTransferMessage(message: TransferMessage): Uint8Array {
  // a chunk is nearly all of the traffic: one copy, no growing buffer
  if (message.kind === 'chunk') return encodeChunk(message.data)
  const writer = new ByteWriter().u8(KINDS.indexOf(message.kind))
  if (message.kind === 'bye') return writer.u8(BYE_REASONS.indexOf(message.reason)).finish()
  writer.u32(message.request)
  writeBody(writer, message)
  const frame = writer.finish()
  if (frame.length > MAX_TRANSFER_FRAME_BYTES)
    throw new CraftecError('invalid-argument', `a ${message.kind} message of ${frame.length} bytes is too long`)
  return frame
}

/**
 * A CHUNK message.
 * @param into memory for the frame, at least one byte longer than `data`; default new memory
 * @returns the frame, a view on `into`
 * @throws CraftecError `invalid-argument` for more than 128 KiB, or nothing
 */
export function encodeChunk(data: Uint8Array, into = new Uint8Array(1 + data.length)): Uint8Array {
  if (data.length < 1 || data.length > CHUNK_BYTES)
    throw new CraftecError('invalid-argument', `a chunk has 1..${CHUNK_BYTES} bytes, got ${data.length}`)
  const frame = into.subarray(0, 1 + data.length)
  frame[0] = KINDS.indexOf('chunk')
  frame.set(data, 1)
  return frame
}

function writeBody(writer: ByteWriter, message: Exclude<TransferMessage, { kind: 'chunk' | 'bye' }>): void {
  switch (message.kind) {
    case 'manifest-request':
      writer.bytes(message.manifestId)
      break
    case 'manifest':
      writer.u32(message.total).bytes(message.bytes)
      break
    case 'query':
      writer.bytes(message.manifestId).u32(message.first)
      break
    case 'have':
      writer
        .u32(message.first)
        .u8(message.more ? 1 : 0)
        .u16(message.segments.length)
      for (const { committed, recoded } of message.segments) writeIndices(writer, committed).u8(recoded)
      break
    case 'want':
      writer.bytes(message.manifestId).u32(message.segment)
      writeIndices(writer, message.committed).u8(message.recoded).u8(message.fresh)
      writer.u8(message.rows.length).u8(message.rows[0]?.length ?? 0)
      for (const row of message.rows) writer.bytes(row)
      break
    case 'cancel':
      break
    case 'piece':
      writer.u8(message.coefficients.length).bytes(message.coefficients)
      writer.bytes(message.root).bytes16(message.provenance)
      break
    case 'end':
      writer.u8(END_REASONS.indexOf(message.reason)).u32(message.retryAfterMs)
      break
    case 'offer':
      writer.bytes(message.manifestId).u32(message.segment).u16(message.pieces).u32(message.pieceBytes)
      break
    case 'grant':
      writer.u16(message.pieces).u8(message.manifest ? 1 : 0)
      break
    case 'stored':
      writer.u16(message.pieces)
      break
    case 'challenge':
    case 'proof':
      writer.bytes(message.bytes)
      break
    case 'peers-request':
      writer.bytes(message.contentId)
      break
    case 'peers':
      writer.u8(message.records.length)
      for (const record of message.records) writer.bytes16(record)
      break
  }
}

function writeIndices(writer: ByteWriter, indices: IndexSet): ByteWriter {
  const bytes = indices.toBytes()
  return writer.u8(bytes.length).bytes(bytes)
}

/**
 * Byte arrays of the result are views on `frame`.
 * @throws CraftecError `malformed`
 */
export function decodeTransferMessage(frame: Uint8Array): TransferMessage {
  const reader = new ByteReader(frame, 'storage message')
  const kind = KINDS[reader.u8()]
  if (kind === undefined) throw reader.malformed('unknown kind')
  const message = readMessage(reader, kind)
  reader.end()
  return message
}

function readMessage(reader: ByteReader, kind: TransferKind): TransferMessage {
  if (kind === 'chunk') return { kind, data: rest(reader, 1, CHUNK_BYTES) }
  if (kind === 'bye') return { kind, reason: oneOf(reader, BYE_REASONS) }
  const request = reader.u32()
  switch (kind) {
    case 'manifest-request':
      return { kind, request, manifestId: reader.bytes(ID_BYTES) }
    case 'manifest':
      return {
        kind,
        request,
        total: bounded(reader, reader.u32(), 1, MAX_MANIFEST_BYTES, 'length of a manifest'),
        bytes: rest(reader, 1, MANIFEST_PART_BYTES)
      }
    case 'query':
      return { kind, request, manifestId: reader.bytes(ID_BYTES), first: reader.u32() }
    case 'have':
      return { kind, request, first: reader.u32(), more: flag(reader), segments: holdings(reader) }
    case 'want':
      return readWant(reader, request)
    case 'cancel':
      return { kind, request }
    case 'piece':
      return {
        kind,
        request,
        coefficients: reader.bytes(bounded(reader, reader.u8(), 1, MAX_SOURCE_PIECES, 'number of coefficients')),
        root: reader.bytes(ID_BYTES),
        provenance: reader.bytes16(MAX_PROVENANCE_BYTES)
      }
    case 'end':
      return {
        kind,
        request,
        reason: oneOf(reader, END_REASONS),
        retryAfterMs: bounded(reader, reader.u32(), 0, MAX_RETRY_AFTER_MS, 'delay')
      }
    case 'offer':
      return {
        kind,
        request,
        manifestId: reader.bytes(ID_BYTES),
        segment: reader.u32(),
        pieces: bounded(reader, reader.u16(), 1, MAX_OFFER_PIECES, 'number of pieces'),
        pieceBytes: bounded(reader, reader.u32(), 1, MAX_PIECE_BYTES, 'length of a piece')
      }
    case 'grant':
      return {
        kind,
        request,
        pieces: bounded(reader, reader.u16(), 0, MAX_OFFER_PIECES, 'number of pieces'),
        manifest: flag(reader)
      }
    case 'stored':
      return { kind, request, pieces: bounded(reader, reader.u16(), 0, MAX_OFFER_PIECES, 'number of pieces') }
    case 'challenge':
      return { kind, request, bytes: rest(reader, 1, MAX_CHALLENGE_BYTES) }
    case 'proof':
      return { kind, request, bytes: rest(reader, 1, MAX_PROOF_BYTES) }
    case 'peers-request':
      return { kind, request, contentId: reader.bytes(ID_BYTES) }
    case 'peers': {
      const count = bounded(reader, reader.u8(), 0, MAX_PEER_RECORDS, 'number of records')
      const records: Uint8Array[] = []
      while (records.length < count) records.push(reader.bytes16(MAX_RECORD_BYTES))
      return { kind, request, records }
    }
  }
}

function readWant(reader: ByteReader, request: number): TransferMessage {
  const manifestId = reader.bytes(ID_BYTES)
  const segment = reader.u32()
  const committed = indices(reader)
  const recoded = bounded(reader, reader.u8(), 0, MAX_SOURCE_PIECES, 'number of recoded pieces')
  const fresh = bounded(reader, reader.u8(), 0, MAX_SOURCE_PIECES, 'number of fresh pieces')
  if (committed.size + recoded + fresh === 0) throw reader.malformed('a want that wants nothing')
  const count = bounded(reader, reader.u8(), 0, MAX_SOURCE_PIECES, 'number of rows')
  const k = reader.u8()
  // one spelling for "no rows"
  bounded(reader, k, count === 0 ? 0 : 1, count === 0 ? 0 : MAX_SOURCE_PIECES, 'length of a row')
  const rows: Uint8Array[] = []
  while (rows.length < count) rows.push(reader.bytes(k))
  return { kind: 'want', request, manifestId, segment, committed, recoded, fresh, rows }
}

function holdings(reader: ByteReader): SegmentHoldings[] {
  const count = bounded(reader, reader.u16(), 0, MAX_HAVE_SEGMENTS, 'number of segments')
  const list: SegmentHoldings[] = []
  while (list.length < count) list.push({ committed: indices(reader), recoded: reader.u8() })
  return list
}

function indices(reader: ByteReader): IndexSet {
  return IndexSet.fromBytes(reader.bytes(reader.u8()))
}

function flag(reader: ByteReader): boolean {
  return bounded(reader, reader.u8(), 0, 1, 'flag') === 1
}

function oneOf<T>(reader: ByteReader, values: readonly T[]): T {
  const value = values[reader.u8()]
  if (value === undefined) throw reader.malformed('unknown reason')
  return value
}

function rest(reader: ByteReader, least: number, most: number): Uint8Array {
  bounded(reader, reader.remaining, least, most, 'length')
  return reader.rest()
}

function bounded(reader: ByteReader, value: number, least: number, most: number, what: string): number {
  if (value < least || value > most) throw reader.malformed(`${what} ${value}, expected ${least}..${most}`)
  return value
}
