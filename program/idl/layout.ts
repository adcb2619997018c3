/** Borsh sizes and offsets of the description's types. */
import { fieldsOf, type Idl, type IdlField, type IdlType } from './idl.ts'

const SCALAR_BYTES = { bool: 1, u8: 1, u16: 2, u32: 4, u64: 8, i64: 8, pubkey: 32 } as const

/** Bytes of a type, or undefined when they depend on the value. */
export function sizeOf(idl: Idl, type: IdlType): number | undefined {
  if (typeof type === 'string') return SCALAR_BYTES[type]
  if ('array' in type) {
    const item = sizeOf(idl, type.array[0])
    return item === undefined ? undefined : item * type.array[1]
  }
  if ('defined' in type) return sizeOfFields(idl, fieldsOf(idl, type.defined.name))
  return undefined
}

export function sizeOfFields(idl: Idl, fields: readonly IdlField[]): number | undefined {
  let total = 0
  for (const { type } of fields) {
    const size = sizeOf(idl, type)
    if (size === undefined) return undefined
    total += size
  }
  return total
}

export interface FieldPlace {
  readonly name: string
  readonly type: IdlType
  readonly offset: number
  readonly sizeBytes: number
}

/**
 * Where each field of a fixed-size struct lies, nested structs opened (`ledger.owner`).
 * @throws Error for a type whose size depends on the value
 */
export function placeFields(idl: Idl, fields: readonly IdlField[], start: number, prefix = ''): FieldPlace[] {
  const places: FieldPlace[] = []
  let offset = start
  for (const { name, type } of fields) {
    const sizeBytes = sizeOf(idl, type)
    if (sizeBytes === undefined) throw new Error(`${prefix}${name} has no fixed size`)
    if (typeof type === 'object' && 'defined' in type) {
      places.push(...placeFields(idl, fieldsOf(idl, type.defined.name), offset, `${prefix}${name}.`))
    } else {
      places.push({ name: prefix + name, type, offset, sizeBytes })
    }
    offset += sizeBytes
  }
  return places
}

/** A type as the tables write it: `u64`, `[u8; 32]`, `Option<pubkey>`. */
export function describeType(type: IdlType): string {
  if (typeof type === 'string') return type
  if ('array' in type) return `[${describeType(type.array[0])}; ${type.array[1]}]`
  if ('vec' in type) return `Vec<${describeType(type.vec)}>`
  if ('option' in type) return `Option<${describeType(type.option)}>`
  return type.defined.name
}
