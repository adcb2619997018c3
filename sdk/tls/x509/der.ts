/**
 * The distinguished encoding rules (ITU-T X.690 §10) as far as certificates use them, and nothing beyond: low tag
 * numbers, definite lengths in their shortest form, no trailing bytes. Everything returned is a view of the input.
 */
import { invalidCertificate } from './certificate-error.ts'

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31
} as const

/** [number] with primitive content. */
export const contextPrimitive = (number: number): number => 0x80 | number
/** [number] with constructed content. */
export const contextConstructed = (number: number): number => 0xa0 | number

export interface DerValue {
  readonly tag: number
  readonly content: Uint8Array
  /** Tag and length included. */
  readonly bytes: Uint8Array
}

/** All methods throw CraftecError `tls-certificate-invalid` when the input is not what they expect. */
export class DerReader {
  readonly #input: Uint8Array
  #at = 0

  constructor(input: Uint8Array) {
    this.#input = input
  }

  get done(): boolean {
    return this.#at === this.#input.length
  }

  any(): DerValue {
    const start = this.#at
    const tag = this.#byte()
    if ((tag & 0x1f) === 0x1f) throw invalidCertificate('a DER tag of more than one byte')
    const length = this.#length()
    const from = this.#at
    if (length > this.#input.length - from) throw invalidCertificate('a DER value is cut off')
    this.#at = from + length
    return { tag, content: this.#input.subarray(from, this.#at), bytes: this.#input.subarray(start, this.#at) }
  }

  value(tag: number): DerValue {
    const value = this.any()
    if (value.tag !== tag) throw invalidCertificate(`DER tag ${value.tag} where ${tag} belongs`)
    return value
  }

  optional(tag: number): DerValue | undefined {
    return this.#input[this.#at] === tag ? this.value(tag) : undefined
  }

  /** The contents of a constructed value. */
  inner(tag: number): DerReader {
    return new DerReader(this.value(tag).content)
  }

  end(): void {
    if (!this.done) throw invalidCertificate('trailing bytes in DER')
  }

  #byte(): number {
    const byte = this.#input[this.#at++]
    if (byte === undefined) throw invalidCertificate('a DER value is cut off')
    return byte
  }

  #length(): number {
    const first = this.#byte()
    if (first < 0x80) return first
    const count = first & 0x7f
    if (count === 0 || count > 3) throw invalidCertificate('a DER length that is indefinite or absurd')
    let length = 0
    for (let read = 0; read < count; read++) length = length * 0x100 + this.#byte()
    if (length < 0x80 || length < 2 ** (8 * (count - 1)))
      throw invalidCertificate('a DER length that is not the shortest')
    return length
  }
}

/** One value that is the whole input. */
export function derWhole(bytes: Uint8Array, tag: number): DerReader {
  const outer = new DerReader(bytes)
  const inner = outer.inner(tag)
  outer.end()
  return inner
}

/** The bytes of an INTEGER that is not negative, without the zero that keeps its sign. */
export function unsignedInteger(value: DerValue): Uint8Array {
  const { content } = value
  const [first, second] = content
  if (first === undefined) throw invalidCertificate('an INTEGER without bytes')
  if (first >= 0x80) throw invalidCertificate('a negative INTEGER')
  if (first !== 0 || content.length === 1) return content
  if (second !== undefined && second < 0x80) throw invalidCertificate('an INTEGER that is not the shortest')
  return content.subarray(1)
}

/** @param max refuse more; below 2^24 */
export function smallInteger(value: DerValue, max: number): number {
  const bytes = unsignedInteger(value)
  const number = bytes.length > 3 ? Number.POSITIVE_INFINITY : bytes.reduce((sum, byte) => sum * 0x100 + byte, 0)
  if (number > max) throw invalidCertificate(`an INTEGER over ${max}`)
  return number
}

export function booleanValue({ content }: DerValue): boolean {
  const [byte] = content
  if (content.length !== 1 || (byte !== 0 && byte !== 0xff)) throw invalidCertificate('a BOOLEAN that is neither')
  return byte === 0xff
}

/** The bytes of a BIT STRING that holds whole bytes. */
export function bitStringBytes({ content }: DerValue): Uint8Array {
  if (content[0] !== 0) throw invalidCertificate('a BIT STRING with unused bits where bytes belong')
  return content.subarray(1)
}

/** The set bits of a BIT STRING of named flags (X.690 §11.2.2), bit 0 first. */
export function bitStringFlags({ content }: DerValue): ReadonlySet<number> {
  const [unused, ...bytes] = content
  const last = bytes.at(-1)
  if (unused === undefined || unused > 7 || (last === undefined && unused !== 0) || bytes.length > 4)
    throw invalidCertificate('a malformed BIT STRING')
  if (last !== undefined && (last & ((1 << unused) - 1)) !== 0) throw invalidCertificate('unused bits that are set')
  const flags = new Set<number>()
  bytes.forEach((byte, at) => {
    for (let bit = 0; bit < 8; bit++) if (byte & (0x80 >> bit)) flags.add(at * 8 + bit)
  })
  return flags
}

/** Dotted text of an OBJECT IDENTIFIER. */
export function oidText({ content }: DerValue): string {
  const arcs: number[] = []
  let arc = 0
  let begun = false
  for (const byte of content) {
    if (!begun && byte === 0x80) throw invalidCertificate('an OBJECT IDENTIFIER that is not the shortest')
    arc = arc * 128 + (byte & 0x7f)
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw invalidCertificate('an OBJECT IDENTIFIER over all measure')
    begun = byte >= 0x80
    if (begun) continue
    if (arcs.length === 0) {
      const root = Math.min(2, Math.floor(arc / 40))
      arcs.push(root, arc - 40 * root)
    } else arcs.push(arc)
    arc = 0
  }
  if (begun || arcs.length === 0) throw invalidCertificate('an OBJECT IDENTIFIER that is cut off')
  return arcs.join('.')
}

/** RFC 5280 §4.1.2.5: UTCTime and GeneralizedTime, with seconds, in Z. @returns milliseconds since the Unix epoch */
export function timeValue({ tag, content }: DerValue): number {
  const text = String.fromCharCode(...content.subarray(0, 16))
  const match =
    tag === TAG.utcTime
      ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
      : tag === TAG.generalizedTime
        ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
        : null
  if (match === null) throw invalidCertificate('a time in a form that RFC 5280 forbids')
  const [stated = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number)
  const year = tag === TAG.generalizedTime ? stated : stated < 50 ? 2000 + stated : 1900 + stated
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  // A date that JavaScript had to carry over (30 February, 25 o'clock) comes out different.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59)
    throw invalidCertificate('a time that does not exist')
  return date.getTime()
}
