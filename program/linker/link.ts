/**
 * Links one BPF object into a Solana program: SBPF v3, two segments, no sections, nothing left to relocate at load time
 * (SIMD-0178 static syscalls, SIMD-0189 stricter ELF headers). Debian's lld has no BPF target, and this is all it takes.
 */
import { checkCode } from './check-code.ts'
import { type ElfObject, type Relocation, readElfObject, type Section } from './elf-object.ts'
import { LinkError } from './link-error.ts'
import { syscallNumber } from './syscalls.ts'
import { CODE_ADDRESS, DATA_ADDRESS, writeProgram } from './write-program.ts'

/** `lddw` of an address. */
const R_BPF_64_64 = 1
/** A pointer in data. */
const R_BPF_64_ABS64 = 2
/** A call. */
const R_BPF_64_32 = 10
/** A call names its target by instruction; with this source register it is relative, with 0 a syscall. */
const CALL_RELATIVE = 1
/** The address 0 must never be that of an object: C compares with NULL. */
const NULL_BYTES = 8

interface Placed {
  readonly segment: 'code' | 'data'
  readonly offset: number
}

interface Image {
  readonly code: Uint8Array
  readonly data: Uint8Array
  readonly places: ReadonlyMap<number, Placed>
}

/**
 * @param object a relocatable object of `clang -target bpf -mcpu=v2`
 * @returns the program file; the same bytes for the same object
 * @throws LinkError when the object asks for something a program cannot have
 */
export function link(object: Uint8Array): Uint8Array {
  const elf = readElfObject(object)
  const image = layOut(elf.sections)
  for (const relocation of elf.relocations) relocate(image, relocation)
  checkCode(image.code)
  return writeProgram(image.code, image.data, findEntrypoint(elf, image))
}

function layOut(sections: readonly Section[]): Image {
  const places = new Map<number, Placed>()
  let codeBytes = 0
  let dataBytes = NULL_BYTES
  sections.forEach((section, index) => {
    if (!section.allocated) return
    if (section.executable) {
      places.set(index, { segment: 'code', offset: codeBytes })
      codeBytes += section.bytes.length
    } else {
      // Constant pointers are only writable for a dynamic linker, which there is none.
      if (section.writable && !section.name.startsWith('.data.rel.ro')) {
        throw new LinkError('writable-data', `${section.name}: programs have no global variables`)
      }
      dataBytes = align(dataBytes, Math.max(8, section.alignment))
      places.set(index, { segment: 'data', offset: dataBytes })
      dataBytes += section.bytes.length
    }
  })
  const image = { code: new Uint8Array(codeBytes), data: new Uint8Array(align(dataBytes, 8)), places }
  for (const [index, { segment, offset }] of places) image[segment].set(sections[index]?.bytes ?? [], offset)
  return image
}

function align(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment
}

function relocate(image: Image, { section, offset, type, symbol }: Relocation): void {
  const place = image.places.get(section)
  if (place === undefined) throw new LinkError('unknown-relocation', `section ${section} is not part of the program`)
  const target = image.places.get(symbol.section)
  const bytes = image[place.segment]
  const view = new DataView(bytes.buffer)
  const at = place.offset + offset
  if (at + (type === R_BPF_64_64 ? 16 : 8) > bytes.length)
    throw new LinkError('truncated', 'relocation beyond its section')
  if (type === R_BPF_64_32) {
    if (target === undefined) callSyscall(view, at, symbol.name)
    else callFunction(view, at, target, symbol.value, symbol.isSection)
    return
  }
  if (target === undefined) throw new LinkError('unknown-symbol', `${symbol.name} is not defined`)
  const base = BigInt(target.offset + symbol.value) + (target.segment === 'code' ? CODE_ADDRESS : DATA_ADDRESS)
  if (type === R_BPF_64_64) {
    const address = base + BigInt(view.getUint32(at + 4, true))
    view.setUint32(at + 4, Number(address & 0xffffffffn), true)
    view.setUint32(at + 12, Number(address >> 32n), true)
  } else if (type === R_BPF_64_ABS64) {
    view.setBigUint64(at, base + view.getBigUint64(at, true), true)
  } else {
    throw new LinkError('unknown-relocation', `type ${type} against ${symbol.name}`)
  }
}

function callSyscall(view: DataView, at: number, name: string): void {
  const number = syscallNumber(name)
  if (number === undefined) throw new LinkError('unknown-syscall', `${name} is neither defined nor a known syscall`)
  view.setUint8(at + 1, 0)
  view.setUint32(at + 4, number, true)
}

function callFunction(view: DataView, at: number, target: Placed, value: number, isSection: boolean): void {
  // Against a section the instruction holds the distance from its start, in instructions and less one.
  const within = isSection ? (view.getInt32(at + 4, true) + 1) * 8 : 0
  view.setUint8(at + 1, CALL_RELATIVE << 4)
  view.setInt32(at + 4, (target.offset + value + within - at) / 8 - 1, true)
}

function findEntrypoint(elf: ElfObject, image: Image): number {
  const symbol = elf.symbols.find(candidate => candidate.name === 'entrypoint' && candidate.section !== 0)
  const place = symbol === undefined ? undefined : image.places.get(symbol.section)
  if (symbol === undefined || place?.segment !== 'code')
    throw new LinkError('no-entrypoint', 'no function `entrypoint`')
  return place.offset + symbol.value
}
