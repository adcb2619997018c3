/** The C side of the description: discriminators, layouts, account rules and the dispatch, so that none is typed twice. */
import { decodeBase58 } from '../../sdk/codec/index.ts'
import { fieldsOf, type Idl, type IdlAccountItem, type IdlField, type IdlInstruction, type IdlType } from './idl.ts'
import { sizeOf, sizeOfFields } from './layout.ts'

const BANNER = '/* Made from idl/craftec_settlement.json by npm run build:program. Do not edit. */\n'
const SCALARS = { bool: 'u8', u8: 'u8', u16: 'u16', u32: 'u32', u64: 'u64', i64: 'i64', pubkey: 'struct key' } as const
const ADDRESS_CHARS = 44
/** Bits of the account rule that fixes an address. */
const FIXED_ADDRESSES: Readonly<Record<string, string>> = {
  '11111111111111111111111111111111': 'SYSTEM_PROGRAM_ACCOUNT',
  TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA: 'TOKEN_PROGRAM_ACCOUNT',
  Sysvar1nstructions1111111111111111111111111: 'INSTRUCTIONS_ACCOUNT'
}
const WELL_KNOWN: Readonly<Record<string, string>> = {
  SYSTEM_PROGRAM: '11111111111111111111111111111111',
  TOKEN_PROGRAM: 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
  TOKEN_2022_PROGRAM: 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb',
  ED25519_PROGRAM: 'Ed25519SigVerify111111111111111111111111111',
  INSTRUCTIONS_SYSVAR: 'Sysvar1nstructions1111111111111111111111111',
  UPGRADEABLE_LOADER: 'BPFLoaderUpgradeab1e11111111111111111111111'
}

/** `interface.h`: everything that the handlers name. */
export function interfaceHeader(idl: Idl): string {
  const errors = idl.errors.map(({ code, name, msg }) => `  /** ${msg} */\n  ${constant(name)} = ${code},`)
  const states = new Set(idl.accounts.map(account => account.name))
  const nested = idl.types.filter(type => /Ledger$/.test(type.name))
  return [
    BANNER,
    '#pragma once\n#include "account-rules.h"\n\nstruct call;\n',
    `${Object.entries(WELL_KNOWN).map(wellKnown).join('\n')}\n`,
    `enum error : u64 {\n${errors.join('\n')}\n};\n`,
    ...nested.map(type => struct(idl, snake(type.name), type.type.fields, false)),
    ...idl.accounts.map(({ name, discriminator }) => typeWithTag(idl, name, discriminator, states.has(name))),
    ...idl.events.map(({ name, discriminator }) => typeWithTag(idl, name, discriminator, false)),
    ...idl.instructions.map(instruction => instructionPart(idl, instruction))
  ].join('\n')
}

/** `dispatch.h`: from the discriminator to the handler, through the checks that the description alone can make. */
export function dispatchHeader(idl: Idl): string {
  const cases = idl.instructions.map(instruction => {
    const name = constant(instruction.name)
    const check = hasFixedArguments(idl, instruction) ? `ARGUMENTS_${name}_BYTES` : 'VARIABLE_BYTES'
    return [
      `  case INSTRUCTION_${name}:`,
      `    TRY(check_call(c, ACCOUNTS_${name}, sizeof ACCOUNTS_${name}, ${check}));`,
      `    return ${instruction.name}(c);`
    ].join('\n')
  })
  return `${BANNER}#pragma once\n#include "call.h"\n#include "interface.h"\n\nstatic result dispatch(const struct call *c, u64 discriminator) {\n  switch (discriminator) {\n${cases.join('\n')}\n  default:\n    return INVALID_INSTRUCTION;\n  }\n}\n`
}

function wellKnown([name, address]: [string, string]): string {
  const view = new DataView(decodeBase58(address, ADDRESS_CHARS).slice().buffer)
  const words = [0, 8, 16, 24].map(at => `0x${view.getBigUint64(at, true).toString(16)}`)
  return `static const struct key ${name} = {{${words.join(', ')}}};`
}

function instructionPart(idl: Idl, instruction: IdlInstruction): string {
  const name = constant(instruction.name)
  const indexes = instruction.accounts.map(item => `${name}_${constant(item.name)}`)
  const rules = instruction.accounts.map(rule)
  const parts = [
    `/** ${instruction.docs.join(' ')} */`,
    `static result ${instruction.name}(const struct call *c);`,
    `constexpr u64 INSTRUCTION_${name} = ${tag(instruction.discriminator)};`,
    `enum : u64 { ${indexes.join(', ')} };`,
    `static const u8 ACCOUNTS_${name}[] = {${rules.join(', ')}};`
  ]
  if (hasFixedArguments(idl, instruction)) {
    parts.push(struct(idl, `${instruction.name}_arguments`, instruction.args, true))
    parts.push(`constexpr u64 ARGUMENTS_${name}_BYTES = ${8 + (sizeOfFields(idl, instruction.args) ?? 0)};`)
  }
  return `${parts.join('\n')}\n`
}

function rule(item: IdlAccountItem): string {
  const bits = [
    ...(item.signer === true ? ['SIGNER'] : []),
    ...(item.writable === true ? ['WRITABLE'] : []),
    ...(item.optional === true ? ['OPTIONAL'] : [])
  ]
  if (item.address !== undefined) {
    const known = FIXED_ADDRESSES[item.address]
    if (known === undefined) throw new Error(`${item.name}: the program does not know ${item.address}`)
    bits.push(known)
  }
  return bits.join(' | ') || '0'
}

function hasFixedArguments(idl: Idl, { args }: IdlInstruction): boolean {
  return sizeOfFields(idl, args) !== undefined
}

function typeWithTag(idl: Idl, name: string, discriminator: readonly number[], isState: boolean): string {
  const fields = fieldsOf(idl, name)
  const size = 8 + (sizeOfFields(idl, fields) ?? 0)
  const lines = [struct(idl, snake(name), fields, true), `constexpr u64 ${constant(name)}_TAG = ${tag(discriminator)};`]
  if (isState) lines.push(`static_assert(sizeof(struct ${snake(name)}) == ${size});`)
  else lines.push(`constexpr u64 ${constant(name)}_BYTES = ${size};`)
  return `${lines.join('\n')}\n`
}

function struct(idl: Idl, name: string, fields: readonly IdlField[], tagged: boolean): string {
  let offset = tagged ? 8 : 0
  const lines = tagged ? ['  u64 discriminator;'] : []
  for (const field of fields) {
    // The same bytes serve borsh, which packs, and C, which aligns: that only works when nothing needs padding.
    if (offset % alignmentOf(idl, field.type) !== 0)
      throw new Error(`${name}.${field.name} is not aligned at ${offset}`)
    lines.push(`  ${declare(field)};`)
    offset += sizeOf(idl, field.type) ?? 0
  }
  return `struct ${name} {\n${lines.join('\n')}\n};`
}

function declare({ name, type }: IdlField): string {
  if (typeof type === 'string') return `${SCALARS[type]} ${name}`
  if ('array' in type) return `${declare({ name, type: type.array[0] })}[${type.array[1]}]`
  if ('defined' in type) return `struct ${snake(type.defined.name)} ${name}`
  throw new Error(`${name} has no fixed size`)
}

function alignmentOf(idl: Idl, type: IdlType): number {
  if (typeof type === 'string') return Math.min(8, sizeOf(idl, type) ?? 1)
  if ('array' in type) return alignmentOf(idl, type.array[0])
  if ('defined' in type) return Math.max(...fieldsOf(idl, type.defined.name).map(field => alignmentOf(idl, field.type)))
  return 1
}

function tag(discriminator: readonly number[]): string {
  const little = [...discriminator].reverse()
  return `0x${little.map(byte => byte.toString(16).padStart(2, '0')).join('')}`
}

/** `PaymentChannel` to `payment_channel`. */
function snake(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()
}

function constant(name: string): string {
  return snake(name).toUpperCase()
}
