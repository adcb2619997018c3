/**
 * The program's interface description (Anchor IDL 0.1.0): the one source of names, discriminators, layouts and error codes.
 * The C header and the tables of the protocol document are made from it; the SDK's codecs are checked against it.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

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

export type IdlSeed =
  | { readonly kind: 'const'; readonly value: readonly number[] }
  | { readonly kind: 'account' | 'arg'; readonly path: string }

export interface IdlAccountItem {
  readonly name: string
  readonly writable?: boolean
  readonly signer?: boolean
  readonly optional?: boolean
  readonly address?: string
  readonly pda?: { readonly seeds: readonly IdlSeed[] }
}

export interface IdlInstruction {
  readonly name: string
  readonly docs: readonly string[]
  readonly discriminator: readonly number[]
  readonly accounts: readonly IdlAccountItem[]
  readonly args: readonly IdlField[]
}

interface IdlNamed {
  readonly name: string
  readonly discriminator: readonly number[]
}

export interface IdlError {
  readonly code: number
  readonly name: string
  readonly msg: string
}

interface IdlStruct {
  readonly name: string
  readonly type: { readonly kind: 'struct'; readonly fields: readonly IdlField[] }
}

export interface Idl {
  readonly address: string
  readonly instructions: readonly IdlInstruction[]
  readonly accounts: readonly IdlNamed[]
  readonly events: readonly IdlNamed[]
  readonly errors: readonly IdlError[]
  readonly types: readonly IdlStruct[]
}

/** The committed description. Its shape is ours, so it is trusted; a test holds it to Anchor's rules. */
export function readIdl(): Idl {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'craftec_settlement.json'), 'utf8')) as Idl
}

/** Fields of a struct type. @throws Error when the description names no such type */
export function fieldsOf(idl: Idl, name: string): readonly IdlField[] {
  const found = idl.types.find(type => type.name === name)
  if (found === undefined) throw new Error(`the IDL has no type ${name}`)
  return found.type.fields
}
