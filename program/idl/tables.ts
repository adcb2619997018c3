/** The tables of the documents, made from the description and the measurements so that they cannot disagree with them. */
import { fieldsOf, type Idl, type IdlAccountItem, type IdlField } from './idl.ts'
import { describeType, placeFields } from './layout.ts'

const BEGIN = '<!-- made by npm run build:program; do not edit below -->'

/** @returns `document` with everything after the marker replaced by `tables` */
export function withTables(document: string, tables: string): string {
  const at = document.indexOf(BEGIN)
  const prose = at < 0 ? `${document.trimEnd()}\n\n` : document.slice(0, at)
  return `${prose}${BEGIN}\n\n${tables}`
}

export function interfaceTables(idl: Idl): string {
  return [accountTables(idl), instructionTables(idl), argumentTypes(idl), eventTable(idl), errorTable(idl)].join('\n')
}

/** @param units by instruction */
export function computeTable(units: Readonly<Record<string, number>>): string {
  return `## Compute units\n\nOf each instruction in its test; the suite fails when one grows by more than a tenth.\n\n${table(['instruction', 'units'], Object.entries(units))}`
}

function hex(bytes: readonly number[]): string {
  return bytes.map(byte => byte.toString(16).padStart(2, '0')).join('')
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |\n`
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('')
}

function accountTables(idl: Idl): string {
  const sections = idl.accounts.map(({ name, discriminator }) => {
    const places = placeFields(idl, fieldsOf(idl, name), 8)
    const last = places.at(-1)
    const size = last === undefined ? 8 : last.offset + last.sizeBytes
    const rows = places.map(place => [place.offset, place.sizeBytes, place.name, describeType(place.type)])
    return `### ${name}\n\nDiscriminator \`${hex(discriminator)}\`, ${size} bytes.\n\n${table(['offset', 'bytes', 'field', 'type'], rows)}`
  })
  return `## Account layouts\n\n${sections.join('\n')}`
}

function flags(item: IdlAccountItem): string {
  return `${item.writable === true ? 'W' : ''}${item.signer === true ? 'S' : ''}` || 'R'
}

function note(item: IdlAccountItem): string {
  if (item.optional === true) return 'optional: the program id stands for none'
  if (item.address !== undefined) return `\`${item.address}\``
  return ''
}

function list(fields: readonly IdlField[]): string {
  return fields.map(field => `\`${field.name}\` ${describeType(field.type)}`).join(', ')
}

function instructionTables(idl: Idl): string {
  const sections = idl.instructions.map(({ name, docs, discriminator, accounts, args }) => {
    const rows = accounts.map((item, index) => [index, item.name, flags(item), note(item)])
    const given = args.length === 0 ? 'none' : list(args)
    return `### ${name}\n\n${docs.join(' ')}\n\nDiscriminator \`${hex(discriminator)}\`. Arguments: ${given}.\n\n${table(['#', 'account', 'flags', 'note'], rows)}`
  })
  return `## Instructions\n\nW writable, S signer, R read-only.\n\n${sections.join('\n')}`
}

function argumentTypes(idl: Idl): string {
  const placed = new Set([...idl.accounts, ...idl.events].map(item => item.name))
  const rows = idl.types
    .filter(({ name, type }) => !placed.has(name) && type.fields.length > 0)
    .map(({ name, type }) => [name, list(type.fields)])
  return `## Other types\n\n${table(['type', 'fields in order'], rows)}`
}

function eventTable(idl: Idl): string {
  const rows = idl.events.map(({ name, discriminator }) => [
    name,
    `\`${hex(discriminator)}\``,
    list(fieldsOf(idl, name))
  ])
  return `## Events\n\n${table(['event', 'discriminator', 'fields in order'], rows)}`
}

function errorTable(idl: Idl): string {
  const rows = idl.errors.map(({ code, name, msg }) => [code, `0x${code.toString(16)}`, name, msg])
  return `## Errors\n\n${table(['code', 'hex', 'name', 'meaning'], rows)}`
}
