/** HTTP/3 frames (RFC 9114 §7.1) and capsules (RFC 9297 §3.2) have one shape: varint type, varint length, value. */
import { CraftecError } from '../../../sdk/errors/index.ts'
import { encodeVarint, readVarint } from './quic-varint.ts'

export interface Tlv {
  readonly type: number
  readonly value: Uint8Array
}

/** Two 8-byte varints. */
const MAX_HEADER_BYTES = 16

/** Reads records from a stream in any chunking. Known types are collected up to a bound, unknown ones skipped unbuffered. */
export class TlvReader {
  private readonly maxBytes: ReadonlyMap<number, number>
  private header = new Uint8Array(0)
  private current: { type: number; value: Uint8Array | undefined; filled: number; length: number } | undefined

  /** @param maxBytes the types to keep, each with the longest value to accept */
  constructor(maxBytes: ReadonlyMap<number, number>) {
    this.maxBytes = maxBytes
  }

  /** True inside a record: a stream must not end here. */
  get midRecord(): boolean {
    return this.current !== undefined || this.header.length > 0
  }

  /** @throws CraftecError `limit-exceeded` when a known record is longer than its bound */
  push(chunk: Uint8Array): Tlv[] {
    const records: Tlv[] = []
    let rest = chunk
    while (rest.length > 0) {
      if (this.current === undefined) rest = this.readHeader(rest)
      rest = this.fill(rest, records) // also when nothing is left: a record may be empty
    }
    return records
  }

  private readHeader(chunk: Uint8Array): Uint8Array {
    const carried = this.header.length
    const head = concat(this.header, chunk.subarray(0, MAX_HEADER_BYTES - carried))
    const type = readVarint(head, 0)
    const length = type && readVarint(head, type.lengthBytes)
    if (type === undefined || length === undefined) {
      this.header = head
      return chunk.subarray(chunk.length)
    }
    const limit = this.maxBytes.get(type.value)
    if (limit !== undefined && length.value > limit)
      throw new CraftecError('limit-exceeded', `record of type ${type.value}: ${length.value} bytes, limit ${limit}`)
    this.current = {
      type: type.value,
      value: limit === undefined ? undefined : new Uint8Array(length.value),
      filled: 0,
      length: length.value
    }
    this.header = new Uint8Array(0)
    return chunk.subarray(type.lengthBytes + length.lengthBytes - carried)
  }

  private fill(chunk: Uint8Array, records: Tlv[]): Uint8Array {
    const record = this.current
    if (record === undefined) return chunk
    const taken = chunk.subarray(0, record.length - record.filled)
    record.value?.set(taken, record.filled)
    record.filled += taken.length
    if (record.filled === record.length) {
      if (record.value !== undefined) records.push({ type: record.type, value: record.value })
      this.current = undefined
    }
    return chunk.subarray(taken.length)
  }
}

export function encodeTlv(type: number, value: Uint8Array): Uint8Array {
  return concat(encodeVarint(type), encodeVarint(value.length), value)
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
