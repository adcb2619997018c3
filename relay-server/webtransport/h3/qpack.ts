/**
 * QPACK field sections without a dynamic table (RFC 9204 §4.5). This server announces a table capacity of 0, so a
 * reference to the dynamic table is an error, and a section depends on nothing but its own bytes.
 */
import { CraftecError } from '../../../sdk/errors/index.ts'
import { decodeHuffman } from './huffman.ts'
import { QPACK_STATIC_TABLE } from './qpack-static-table.ts'

export type Field = readonly [name: string, value: string]

/** A WebTransport CONNECT has about ten fields. */
const MAX_FIELDS = 64

/** Announced as SETTINGS_MAX_FIELD_SECTION_SIZE; counted as RFC 9114 §4.2.2 says, 32 bytes a field plus its text. */
export const MAX_FIELD_SECTION_BYTES = 8192
const FIELD_OVERHEAD_BYTES = 32

/**
 * @param section at most {@link MAX_FIELD_SECTION_BYTES} bytes, checked by the frame reader
 * @throws CraftecError `malformed` on anything but static and literal lines, or over the limits
 */
export function decodeFieldSection(section: Uint8Array): Field[] {
  const input = new SectionReader(section)
  if (input.integer(8) !== 0 || input.integer(7) !== 0) throw malformed('a reference to the dynamic table')
  const fields: Field[] = []
  let sizeBytes = 0
  while (!input.atEnd) {
    const field = readFieldLine(input)
    sizeBytes += field[0].length + field[1].length + FIELD_OVERHEAD_BYTES
    if (fields.push(field) > MAX_FIELDS || sizeBytes > MAX_FIELD_SECTION_BYTES) throw malformed('too many fields')
  }
  return fields
}

/** Literal lines with literal names, no Huffman: right for the two or three short fields of an answer. */
export function encodeFieldSection(fields: readonly Field[]): Uint8Array {
  const out: number[] = [0, 0] // Required Insert Count 0, Base 0
  for (const [name, value] of fields) {
    pushString(out, 0x20, 3, name)
    pushString(out, 0x00, 7, value)
  }
  return Uint8Array.from(out)
}

function readFieldLine(input: SectionReader): Field {
  const first = input.peek()
  if (first & 0x80) {
    if (!(first & 0x40)) throw malformed('a reference to the dynamic table')
    return staticEntry(input.integer(6))
  }
  if (first & 0x40) {
    if (!(first & 0x10)) throw malformed('a name in the dynamic table')
    const [name] = staticEntry(input.integer(4))
    return [name, input.string(7)]
  }
  if (first & 0x20) {
    const name = input.string(3)
    return [name, input.string(7)]
  }
  throw malformed('a post-base reference')
}

function staticEntry(index: number): Field {
  const entry = QPACK_STATIC_TABLE[index]
  if (entry === undefined) throw malformed(`no static entry ${index}`)
  return entry
}

class SectionReader {
  private readonly input: Uint8Array
  private at = 0

  constructor(input: Uint8Array) {
    this.input = input
  }

  get atEnd(): boolean {
    return this.at >= this.input.length
  }

  peek(): number {
    const byte = this.input[this.at]
    if (byte === undefined) throw malformed('the section ends inside a field')
    return byte
  }

  /** A prefixed integer (RFC 7541 §5.1). No value here may exceed the section limit, so five bytes are plenty. */
  integer(prefixBits: number): number {
    const mask = 2 ** prefixBits - 1
    let value = this.peek() & mask
    this.at++
    if (value < mask) return value
    for (let scale = 1; scale <= 128 ** 3; scale *= 128) {
      const byte = this.peek()
      this.at++
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw malformed('an integer out of range')
  }

  /** A string literal whose Huffman flag stands just above the length prefix (RFC 9204 §4.1.2). */
  string(prefixBits: number): string {
    const huffman = (this.peek() & (1 << prefixBits)) !== 0
    const length = this.integer(prefixBits)
    if (length > this.input.length - this.at) throw malformed('a string longer than the section')
    const bytes = this.input.subarray(this.at, this.at + length)
    this.at += length
    return latin1(huffman ? decodeHuffman(bytes) : bytes)
  }
}

/** Field text is octets, not UTF-8; what this server compares is ASCII. */
function latin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

function pushString(out: number[], flags: number, prefixBits: number, text: string): void {
  const mask = 2 ** prefixBits - 1
  if (text.length < mask) out.push(flags | text.length)
  else {
    out.push(flags | mask)
    let rest = text.length - mask
    for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80)
    out.push(rest)
  }
  for (const char of text) out.push(char.charCodeAt(0) & 0xff)
}

function malformed(why: string): CraftecError {
  return new CraftecError('malformed', `QPACK field section: ${why}`)
}
