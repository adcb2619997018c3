/** Borsh by the interface description: arguments to bytes, accounts and events to values. */
import { PublicKey } from '@solana/web3.js'
import type { ByteReader, ByteWriter } from '../../sdk/codec/index.ts'
import { fieldsOf, type Idl, type IdlField, type IdlType } from '../idl/index.ts'

/** `bigint` for 64 bits, `number` below, `PublicKey`, bytes for `[u8; n]`, arrays, `null` for an absent option. */
export type Value = bigint | number | boolean | PublicKey | Uint8Array | null | readonly Value[] | Values
export interface Values {
  readonly [field: string]: Value
}

export function writeFields(idl: Idl, fields: readonly IdlField[], values: Values, writer: ByteWriter): void {
  for (const { name, type } of fields) writeValue(idl, type, values[name] ?? null, writer)
}

function writeValue(idl: Idl, type: IdlType, value: Value, writer: ByteWriter): void {
  if (typeof type === 'object') writeCompound(idl, type, value, writer)
  else if (value instanceof PublicKey) writer.bytes(value.toBytes())
  else if (type === 'u64') writer.u64le(BigInt(value as bigint))
  else if (type === 'i64') writer.u64le(BigInt.asUintN(64, BigInt(value as bigint)))
  else if (type === 'u32') writer.u32le(Number(value))
  else if (type === 'u16') writer.u16le(Number(value))
  else writer.u8(Number(value))
}

function writeCompound(idl: Idl, type: Exclude<IdlType, string>, value: Value, writer: ByteWriter): void {
  if ('defined' in type) {
    writeFields(idl, fieldsOf(idl, type.defined.name), value as Values, writer)
  } else if ('option' in type) {
    writer.u8(value === null ? 0 : 1)
    if (value !== null) writeValue(idl, type.option, value, writer)
  } else if ('vec' in type) {
    const items = value as readonly Value[]
    writer.u32le(items.length)
    for (const item of items) writeValue(idl, type.vec, item, writer)
  } else if (value instanceof Uint8Array) {
    writer.bytes(value)
  } else {
    for (const item of value as readonly Value[]) writeValue(idl, type.array[0], item, writer)
  }
}

export function readFields(idl: Idl, fields: readonly IdlField[], reader: ByteReader): Record<string, Value> {
  return Object.fromEntries(fields.map(({ name, type }) => [name, readValue(idl, type, reader)]))
}

function readValue(idl: Idl, type: IdlType, reader: ByteReader): Value {
  if (typeof type === 'object') return readCompound(idl, type, reader)
  switch (type) {
    case 'pubkey':
      return new PublicKey(reader.bytes(32))
    case 'u64':
      return reader.u64le()
    case 'i64':
      return BigInt.asIntN(64, reader.u64le())
    case 'u32':
      return reader.u32le()
    case 'u16':
      return reader.u16le()
    case 'bool':
      return reader.u8() === 1
    default:
      return reader.u8()
  }
}

function readCompound(idl: Idl, type: Exclude<IdlType, string>, reader: ByteReader): Value {
  if ('defined' in type) return readFields(idl, fieldsOf(idl, type.defined.name), reader)
  if ('array' in type) {
    const [item, count] = type.array
    return item === 'u8'
      ? reader.bytes(count).slice()
      : Array.from({ length: count }, () => readValue(idl, item, reader))
  }
  throw new Error('accounts and events hold neither options nor vectors')
}
