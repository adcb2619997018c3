/** Vectors of the presentation language (RFC 8446 §3.4) over the reader and writer of codec/. */
import { ByteReader, ByteWriter } from '../codec/index.ts'
import { CraftecError } from '../errors/index.ts'
import { tlsError } from './alert.ts'

/**
 * Decode a whole structure; nothing may be left over.
 * @throws CraftecError `tls-protocol-violation` (alert decode_error) when it does not fit, else what `decode` throws
 */
export function decodeWhole<T>(bytes: Uint8Array, what: string, decode: (reader: ByteReader) => T): T {
  try {
    const reader = new ByteReader(bytes, what)
    const value = decode(reader)
    reader.end()
    return value
  } catch (error) {
    if (error instanceof CraftecError && error.code === 'malformed')
      throw tlsError('decode_error', error.message, { cause: error })
    throw error
  }
}

export function readU24(reader: ByteReader): number {
  return reader.u8() * 0x10000 + reader.u16()
}

/** `opaque <min..max>` whose length field is as wide as `max` needs. A view, not a copy. */
export function readVector(reader: ByteReader, min: number, max: number): Uint8Array {
  const length = max < 0x100 ? reader.u8() : max < 0x10000 ? reader.u16() : readU24(reader)
  if (length < min || length > max) throw reader.malformed(`a vector of ${length} bytes, allowed ${min}..${max}`)
  return reader.bytes(length)
}

export function writeVector(writer: ByteWriter, widthBytes: 1 | 2 | 3, bytes: Uint8Array): ByteWriter {
  if (bytes.length >= 2 ** (8 * widthBytes)) throw new RangeError(`${bytes.length} bytes do not fit the vector`)
  if (widthBytes === 3) writer.u8(bytes.length >>> 16).u16(bytes.length & 0xffff)
  else if (widthBytes === 2) writer.u16(bytes.length)
  else writer.u8(bytes.length)
  return writer.bytes(bytes)
}

/** Extensions in the order they stand. @throws CraftecError `tls-protocol-violation` when one comes twice (§4.2) */
export function readExtensions(reader: ByteReader, max = 0xffff): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>()
  const list = new ByteReader(readVector(reader, 0, max), 'extensions')
  while (list.remaining > 0) {
    const type = list.u16()
    if (found.has(type)) throw tlsError('illegal_parameter', `extension ${type} comes twice`)
    found.set(type, list.bytes16())
  }
  return found
}

/** A handshake message with its header (§4). */
export function frameHandshake(type: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(body.length + 4)
  writer.u8(type)
  return writeVector(writer, 3, body).finish()
}
