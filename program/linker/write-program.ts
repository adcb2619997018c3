/** The file of an SBPF v3 program: ELF header, two program headers, constants, code (sbpf `Executable::load_with_strict_parser`). */

/** Where the runtime maps constants; SBPF v3 puts them below the code. */
export const DATA_ADDRESS = 0n
export const CODE_ADDRESS = 0x1_0000_0000n
const ELF_HEADER_BYTES = 64
const PROGRAM_HEADER_BYTES = 56
const SBPF_V3 = 3
const EM_BPF = 247
const ET_DYN = 3
const PT_LOAD = 1
const READ = 4
const EXECUTE = 1

/** @param entry offset of the entry point in `code` */
export function writeProgram(code: Uint8Array, data: Uint8Array, entry: number): Uint8Array {
  const dataAt = ELF_HEADER_BYTES + 2 * PROGRAM_HEADER_BYTES
  const codeAt = dataAt + data.length
  const file = new Uint8Array(codeAt + code.length)
  const view = new DataView(file.buffer)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  view.setUint16(16, ET_DYN, true)
  view.setUint16(18, EM_BPF, true)
  view.setUint32(20, 1, true)
  view.setBigUint64(24, CODE_ADDRESS + BigInt(entry), true)
  view.setBigUint64(32, BigInt(ELF_HEADER_BYTES), true)
  view.setUint32(48, SBPF_V3, true)
  view.setUint16(52, ELF_HEADER_BYTES, true)
  view.setUint16(54, PROGRAM_HEADER_BYTES, true)
  view.setUint16(56, 2, true)
  view.setUint16(58, 64, true)
  writeSegment(view, 0, READ, dataAt, DATA_ADDRESS, data.length)
  writeSegment(view, 1, EXECUTE, codeAt, CODE_ADDRESS, code.length)
  file.set(data, dataAt)
  file.set(code, codeAt)
  return file
}

function writeSegment(
  view: DataView,
  index: number,
  flags: number,
  offset: number,
  address: bigint,
  size: number
): void {
  const at = ELF_HEADER_BYTES + index * PROGRAM_HEADER_BYTES
  view.setUint32(at, PT_LOAD, true)
  view.setUint32(at + 4, flags, true)
  view.setBigUint64(at + 8, BigInt(offset), true)
  view.setBigUint64(at + 16, address, true)
  view.setBigUint64(at + 24, address, true)
  view.setBigUint64(at + 32, BigInt(size), true)
  view.setBigUint64(at + 40, BigInt(size), true)
  view.setBigUint64(at + 48, 8n, true)
}
