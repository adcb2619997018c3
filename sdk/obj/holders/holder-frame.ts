/** Messages of `/craftec/obj-holders/1`, docs/protocol/craftobj.md: one request, one answer. */
import { ByteReader, ByteWriter } from '../../codec/index.ts'
import { MAX_HOLDER_RECORD_BYTES } from './holder-record.ts'
import type { PutResult } from './holder-table.ts'

export const HOLDERS_PROTOCOL = '/craftec/obj-holders/1'
export const MAX_FRAME_RECORDS = 32
export const MAX_HOLDERS_FRAME_BYTES = 2 + MAX_FRAME_RECORDS * (2 + MAX_HOLDER_RECORD_BYTES)

const KIND = { put: 1, taken: 2, find: 3, found: 4 } as const
const RESULTS: readonly PutResult[] = ['taken', 'known', 'refused', 'full']
const ID_BYTES = 32

export type HoldersRequest =
  | { readonly kind: 'put'; readonly records: readonly Uint8Array[] }
  | { readonly kind: 'find'; readonly contentId: Uint8Array; readonly limit: number }

export type HoldersAnswer =
  | { readonly kind: 'taken'; readonly results: readonly PutResult[] }
  | { readonly kind: 'found'; readonly records: readonly Uint8Array[] }

export function encodeHoldersRequest(request: HoldersRequest): Uint8Array {
  const writer = new ByteWriter().u8(KIND[request.kind])
  if (request.kind === 'find') return writer.bytes(request.contentId).u8(request.limit).finish()
  return writeRecords(writer, request.records)
}

/** Byte arrays are views on `frame`. @throws CraftecError `malformed` */
export function decodeHoldersRequest(frame: Uint8Array): HoldersRequest {
  const reader = new ByteReader(frame, 'holders request')
  const kind = reader.u8()
  if (kind === KIND.put) return { kind: 'put', records: readRecords(reader, 1) }
  if (kind !== KIND.find) throw reader.malformed(`kind ${kind} is no request`)
  const contentId = reader.bytes(ID_BYTES)
  const limit = reader.u8()
  if (limit < 1 || limit > MAX_FRAME_RECORDS) throw reader.malformed(`limit ${limit}`)
  reader.end()
  return { kind: 'find', contentId, limit }
}

export function encodeHoldersAnswer(answer: HoldersAnswer): Uint8Array {
  const writer = new ByteWriter().u8(KIND[answer.kind])
  if (answer.kind === 'found') return writeRecords(writer, answer.records)
  writer.u8(answer.results.length)
  for (const result of answer.results) writer.u8(RESULTS.indexOf(result))
  return writer.finish()
}

/** Byte arrays are views on `frame`. @throws CraftecError `malformed` */
export function decodeHoldersAnswer(frame: Uint8Array): HoldersAnswer {
  const reader = new ByteReader(frame, 'holders answer')
  const kind = reader.u8()
  if (kind === KIND.found) return { kind: 'found', records: readRecords(reader, 0) }
  if (kind !== KIND.taken) throw reader.malformed(`kind ${kind} is no answer`)
  const count = reader.u8()
  if (count > MAX_FRAME_RECORDS) throw reader.malformed(`${count} results`)
  const results = Array.from({ length: count }, () => {
    const result = RESULTS[reader.u8()]
    if (result === undefined) throw reader.malformed('unknown result')
    return result
  })
  reader.end()
  return { kind: 'taken', results }
}

function writeRecords(writer: ByteWriter, records: readonly Uint8Array[]): Uint8Array {
  writer.u8(records.length)
  for (const record of records) writer.bytes16(record)
  return writer.finish()
}

function readRecords(reader: ByteReader, least: number): Uint8Array[] {
  const count = reader.u8()
  if (count < least || count > MAX_FRAME_RECORDS) throw reader.malformed(`${count} records`)
  const records = Array.from({ length: count }, () => reader.bytes16(MAX_HOLDER_RECORD_BYTES))
  reader.end()
  return records
}
