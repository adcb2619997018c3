/** Reads a relocatable ELF object for BPF, as clang writes it (System V gABI chapter 4, Linux "BPF ELF relocations"). */
import { LinkError } from './link-error.ts'

const EM_BPF = 247
const ET_REL = 1
const SHT_SYMTAB = 2
const SHT_NOBITS = 8
const SHT_REL = 9
const SHF_WRITE = 1n
const SHF_ALLOC = 2n
const SHF_EXECINSTR = 4n
const STT_SECTION = 3

export interface Section {
  readonly name: string
  readonly bytes: Uint8Array
  readonly alignment: number
  /** Part of the running program; debug information is not. */
  readonly allocated: boolean
  readonly writable: boolean
  readonly executable: boolean
}

export interface Symbol {
  readonly name: string
  /** The section's own symbol: a relocation against it carries its offset in the instruction. */
  readonly isSection: boolean
  /** Index of the section that defines it; 0 for none. */
  readonly section: number
  readonly value: number
}

export interface Relocation {
  /** Index of the section to change. */
  readonly section: number
  readonly offset: number
  readonly type: number
  readonly symbol: Symbol
}

export interface ElfObject {
  readonly sections: readonly Section[]
  readonly symbols: readonly Symbol[]
  readonly relocations: readonly Relocation[]
}

interface Header {
  readonly nameAt: number
  readonly type: number
  readonly flags: bigint
  readonly offset: number
  readonly size: number
  readonly link: number
  readonly info: number
  readonly alignment: number
}

/** @throws LinkError `not-an-object`, `truncated` */
export function readElfObject(file: Uint8Array): ElfObject {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (file.length < 64 || view.getUint32(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) {
    throw new LinkError('not-an-object', 'not a 64-bit little-endian ELF file')
  }
  if (view.getUint16(16, true) !== ET_REL || view.getUint16(18, true) !== EM_BPF) {
    throw new LinkError('not-an-object', 'not a relocatable object for BPF')
  }
  try {
    return readSections(file, view)
  } catch (error) {
    if (error instanceof RangeError) throw new LinkError('truncated', 'the object ends inside a table')
    throw error
  }
}

function readSections(file: Uint8Array, view: DataView): ElfObject {
  const tableAt = Number(view.getBigUint64(40, true))
  const headers = Array.from({ length: view.getUint16(60, true) }, (_, i) => readHeader(view, tableAt + i * 64))
  const bytesOf = (header: Header | undefined): Uint8Array => {
    if (header === undefined || header.type === SHT_NOBITS) return new Uint8Array(header?.size ?? 0)
    if (header.offset + header.size > file.length) throw new RangeError('section beyond the file')
    // Not slice(): a Buffer's shares its memory, and the views below start at a buffer's beginning.
    return new Uint8Array(file.subarray(header.offset, header.offset + header.size))
  }
  const names = bytesOf(headers[view.getUint16(62, true)])
  const sections = headers.map(header => ({
    name: textAt(names, header.nameAt),
    bytes: (header.flags & SHF_ALLOC) === 0n ? new Uint8Array() : bytesOf(header),
    alignment: Math.max(1, header.alignment),
    allocated: (header.flags & SHF_ALLOC) !== 0n && header.size > 0,
    writable: (header.flags & SHF_WRITE) !== 0n,
    executable: (header.flags & SHF_EXECINSTR) !== 0n
  }))
  const table = headers.find(header => header.type === SHT_SYMTAB)
  const symbols = table === undefined ? [] : readSymbols(bytesOf(table), bytesOf(headers[table.link]))
  const relocations = headers
    .filter(header => header.type === SHT_REL && sections[header.info]?.allocated === true)
    .flatMap(header => readRelocations(bytesOf(header), header.info, symbols))
  return { sections, symbols, relocations }
}

function readHeader(view: DataView, at: number): Header {
  return {
    nameAt: view.getUint32(at, true),
    type: view.getUint32(at + 4, true),
    flags: view.getBigUint64(at + 8, true),
    offset: Number(view.getBigUint64(at + 24, true)),
    size: Number(view.getBigUint64(at + 32, true)),
    link: view.getUint32(at + 40, true),
    info: view.getUint32(at + 44, true),
    alignment: Number(view.getBigUint64(at + 48, true))
  }
}

function readSymbols(table: Uint8Array, names: Uint8Array): Symbol[] {
  const view = new DataView(table.buffer)
  return Array.from({ length: Math.floor(table.length / 24) }, (_, i) => ({
    name: textAt(names, view.getUint32(i * 24, true)),
    isSection: (view.getUint8(i * 24 + 4) & 15) === STT_SECTION,
    section: view.getUint16(i * 24 + 6, true),
    value: Number(view.getBigUint64(i * 24 + 8, true))
  }))
}

function readRelocations(table: Uint8Array, section: number, symbols: readonly Symbol[]): Relocation[] {
  const view = new DataView(table.buffer)
  return Array.from({ length: Math.floor(table.length / 16) }, (_, i) => {
    const symbol = symbols[view.getUint32(i * 16 + 12, true)]
    if (symbol === undefined) throw new RangeError('relocation against a symbol that is not there')
    return { section, offset: Number(view.getBigUint64(i * 16, true)), type: view.getUint32(i * 16 + 8, true), symbol }
  })
}

function textAt(bytes: Uint8Array, start: number): string {
  const end = bytes.indexOf(0, start)
  return new TextDecoder().decode(bytes.subarray(start, end < 0 ? bytes.length : end))
}
