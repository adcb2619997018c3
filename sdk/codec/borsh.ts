/**
 * Borsh (borsh.io), the little-endian format of Solana's programs: codecs for its types, put together as the types are. Strict both
 * ways: a value that does not fit is refused, and so are bytes that no value is written as.
 */
import { CraftecError } from '../errors/index.ts'
import { ByteReader, ByteWriter } from './bytes.ts'

export interface BorshCodec<Value> {
  /** @throws CraftecError `malformed` */
  read(reader: ByteReader): Value
  /** @throws CraftecError `invalid-argument` */
  write(writer: ByteWriter, value: Value): void
}

export type BorshValue<Codec> = Codec extends BorshCodec<infer Value> ? Value : never

export const u8 = integer(
  0xff,
  reader => reader.u8(),
  (writer, value) => writer.u8(value)
)
export const u16 = integer(
  0xffff,
  reader => reader.u16le(),
  (writer, value) => writer.u16le(value)
)
export const u32 = integer(
  0xffff_ffff,
  reader => reader.u32le(),
  (writer, value) => writer.u32le(value)
)

export const u64: BorshCodec<bigint> = {
  read: reader => reader.u64le(),
  write: (writer, value) => void writer.u64le(within(0n, value, 2n ** 64n - 1n))
}

/** Two's complement. */
export const i64: BorshCodec<bigint> = {
  read: reader => BigInt.asIntN(64, reader.u64le()),
  write: (writer, value) => void writer.u64le(BigInt.asUintN(64, within(-(2n ** 63n), value, 2n ** 63n - 1n)))
}

export const bool: BorshCodec<boolean> = {
  read: reader => readFlag(reader, 'a boolean'),
  write: (writer, value) => void writer.u8(value ? 1 : 0)
}

/** `[u8; length]`; a copy, so that it can outlive what it was read from. */
export function fixedBytes(length: number): BorshCodec<Uint8Array> {
  return {
    // Not slice(): that of a Node Buffer is a view.
    read: reader => Uint8Array.from(reader.bytes(length)),
    write: (writer, value) => {
      if (value.length !== length) throw doesNotFit(`${length} bytes`, `${value.length}`)
      writer.bytes(value)
    }
  }
}

/** `[Item; length]` */
export function array<Item>(item: BorshCodec<Item>, length: number): BorshCodec<readonly Item[]> {
  return {
    read: reader => Array.from({ length }, () => item.read(reader)),
    write: (writer, values) => {
      if (values.length !== length) throw doesNotFit(`${length} items`, `${values.length}`)
      for (const value of values) item.write(writer, value)
    }
  }
}

/** `Vec<Item>` of at most `max` items: the bound is checked before anything is allocated. */
export function vec<Item>(item: BorshCodec<Item>, max: number): BorshCodec<readonly Item[]> {
  return {
    read: reader => {
      const length = u32.read(reader)
      if (length > max) throw reader.malformed(`${length} items, over the limit ${max}`)
      return Array.from({ length }, () => item.read(reader))
    },
    write: (writer, values) => {
      if (values.length > max) throw doesNotFit(`at most ${max} items`, `${values.length}`)
      u32.write(writer, values.length)
      for (const value of values) item.write(writer, value)
    }
  }
}

/** `Option<Item>` */
export function option<Item>(item: BorshCodec<Item>): BorshCodec<Item | undefined> {
  return {
    read: reader => (readFlag(reader, 'an option') ? item.read(reader) : undefined),
    write: (writer, value) => {
      writer.u8(value === undefined ? 0 : 1)
      if (value !== undefined) item.write(writer, value)
    }
  }
}

type Fields = Readonly<Record<string, BorshCodec<unknown>>>

/** Fields that are always `undefined`, such as reserved bytes, are no part of the value. */
type StructValue<Of extends Fields> = {
  readonly [Name in keyof Of as [BorshValue<Of[Name]>] extends [undefined] ? never : Name]: BorshValue<Of[Name]>
}

/** Fields in the order in which they are written. */
export function struct<Of extends Fields>(fields: Of): BorshCodec<StructValue<Of>> {
  const entries = Object.entries(fields)
  return {
    read: reader => Object.fromEntries(entries.map(([name, codec]) => [name, codec.read(reader)])) as StructValue<Of>,
    write: (writer, given) => {
      const value: Readonly<Record<string, unknown>> = given
      for (const [name, codec] of entries) codec.write(writer, value[name])
    }
  }
}

/** @param what the format's name, for error messages @throws CraftecError `malformed`, also for trailing bytes */
export function decodeBorsh<Value>(codec: BorshCodec<Value>, bytes: Uint8Array, what: string): Value {
  const reader = new ByteReader(bytes, what)
  const value = codec.read(reader)
  reader.end()
  return value
}

/** @throws CraftecError `invalid-argument` */
export function encodeBorsh<Value>(codec: BorshCodec<Value>, value: Value): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter()
  codec.write(writer, value)
  return writer.finish()
}

function integer(
  max: number,
  read: (reader: ByteReader) => number,
  write: (writer: ByteWriter, value: number) => unknown
): BorshCodec<number> {
  return {
    read,
    write: (writer, value) => {
      if (!Number.isInteger(value) || value < 0 || value > max) {
        throw doesNotFit(`an integer from 0 to ${max}`, `${value}`)
      }
      write(writer, value)
    }
  }
}

function within(min: bigint, value: bigint, max: bigint): bigint {
  if (typeof value === 'bigint' && value >= min && value <= max) return value
  throw doesNotFit(`a bigint from ${min} to ${max}`, `${value}`)
}

function readFlag(reader: ByteReader, what: string): boolean {
  const byte = reader.u8()
  if (byte > 1) throw reader.malformed(`${what} written as ${byte}`)
  return byte === 1
}

function doesNotFit(expected: string, got: string): CraftecError {
  return new CraftecError('invalid-argument', `borsh: expected ${expected}, got ${got}`)
}
