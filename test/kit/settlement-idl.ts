/** The program's interface description, for tests that hold the SDK to it: types to arbitrary values and to bytes, independent of the SDK's codecs. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { type Address, addressBytes, addressFromBytes } from '../../sdk/settlement/index.ts'

export type IdlType =
  | 'bool'
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u64'
  | 'i64'
  | 'pubkey'
  | { readonly array: readonly [IdlType, number] }
  | { readonly vec: IdlType }
  | { readonly option: IdlType }
  | { readonly defined: { readonly name: string } }

export interface IdlField {
  readonly name: string
  readonly type: IdlType
}

interface IdlAccountItem {
  readonly name: string
  readonly writable?: boolean
  readonly signer?: boolean
  readonly optional?: boolean
  readonly address?: string
}

interface Idl {
  readonly address: string
  readonly instructions: readonly {
    readonly name: string
    readonly discriminator: readonly number[]
    readonly accounts: readonly IdlAccountItem[]
    readonly args: readonly IdlField[]
  }[]
  readonly accounts: readonly { readonly name: string; readonly discriminator: readonly number[] }[]
  readonly events: readonly { readonly name: string; readonly discriminator: readonly number[] }[]
  readonly errors: readonly { readonly code: number; readonly name: string; readonly msg: string }[]
  readonly types: readonly { readonly name: string; readonly type: { readonly fields: readonly IdlField[] } }[]
}

export const idl: Idl = JSON.parse(
  readFileSync(new URL('../../program/idl/craftec_settlement.json', import.meta.url), 'utf8')
)

type Values = Readonly<Record<string, unknown>>
const INTEGERS = { u8: 1, u16: 2, u32: 4 } as const
const MAX_VEC = 4

export function fieldsOf(name: string): readonly IdlField[] {
  const found = idl.types.find(type => type.name === name)
  if (found === undefined) throw new Error(`no type ${name}`)
  return found.type.fields
}

/** What the SDK leaves out of values: it checks and writes these by itself. */
function isHidden({ name }: IdlField): boolean {
  return name === 'version' || name.startsWith('reserved')
}

/** Values as the SDK has them: camel case, addresses in base58, without version and reserved bytes. */
export function arbitraryFields(fields: readonly IdlField[]): fc.Arbitrary<Values> {
  const visible = fields.filter(field => !isHidden(field))
  return fc.record(Object.fromEntries(visible.map(({ name, type }) => [camelCase(name), arbitrary(type)])))
}

export function encodeFields(fields: readonly IdlField[], values: Values): number[] {
  return fields.flatMap(field => {
    if (field.name === 'version') return [1]
    if (isHidden(field)) return Array(field.type === 'u8' ? 1 : lengthOf(field.type)).fill(0)
    return encode(field.type, values[camelCase(field.name)])
  })
}

export function camelCase(name: string): string {
  return name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function lengthOf(type: IdlType): number {
  if (typeof type === 'object' && 'array' in type) return type.array[1]
  throw new Error('reserved fields are bytes')
}

function arbitrary(type: IdlType): fc.Arbitrary<unknown> {
  if (type === 'bool') return fc.boolean()
  if (type === 'u64') return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  if (type === 'i64') return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  if (type === 'pubkey') return bytes(32).map(addressFromBytes)
  if (typeof type === 'string') return fc.integer({ min: 0, max: 256 ** INTEGERS[type] - 1 })
  if ('vec' in type) return fc.array(arbitrary(type.vec), { maxLength: MAX_VEC })
  if ('option' in type) return fc.option(arbitrary(type.option), { nil: undefined })
  if ('defined' in type) return arbitraryFields(fieldsOf(type.defined.name))
  const [item, length] = type.array
  return item === 'u8' ? bytes(length) : fc.array(arbitrary(item), { minLength: length, maxLength: length })
}

function bytes(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length })
}

function encode(type: IdlType, value: unknown): number[] {
  if (type === 'bool') return [value === true ? 1 : 0]
  if (type === 'pubkey') return [...addressBytes(value as Address)]
  if (typeof type === 'string') {
    const length = type === 'u64' || type === 'i64' ? 8 : INTEGERS[type]
    const number = BigInt.asUintN(64, BigInt(value as number | bigint))
    return Array.from({ length }, (_, index) => Number((number >> BigInt(8 * index)) & 0xffn))
  }
  if ('option' in type) return value === undefined ? [0] : [1, ...encode(type.option, value)]
  if ('defined' in type) return encodeFields(fieldsOf(type.defined.name), value as Values)
  const items = [...(value as Iterable<unknown>)]
  if ('vec' in type) return [...encode('u32', items.length), ...items.flatMap(item => encode(type.vec, item))]
  return items.flatMap(item => encode(type.array[0], item))
}
