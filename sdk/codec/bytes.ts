/**
 * One writer and one reader for every binary format of the SDK. Integers are big-endian unless a name says otherwise.
 * The reader checks a length before it takes bytes, and a decoder ends with `end()`, which refuses trailing bytes.
 */
import { CraftecError } from '../errors/index.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class ByteWriter {
  private buffer: Uint8Array<ArrayBuffer>
  private view: DataView
  private length = 0

  constructor(capacity = 256) {
    this.buffer = new Uint8Array(capacity)
    this.view = new DataView(this.buffer.buffer)
  }

  private reserve(count: number): number {
    const at = this.length
    const needed = at + count
    if (needed > this.buffer.length) {
      const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2))
      grown.set(this.buffer.subarray(0, at))
      this.buffer = grown
      this.view = new DataView(grown.buffer)
    }
    this.length = needed
    return at
  }

  u8(value: number): this {
    const at = this.reserve(1)
    this.view.setUint8(at, value)
    return this
  }

  u16(value: number): this {
    const at = this.reserve(2)
    this.view.setUint16(at, value)
    return this
  }

  u32(value: number): this {
    const at = this.reserve(4)
    this.view.setUint32(at, value)
    return this
  }

  u64(value: bigint): this {
    const at = this.reserve(8)
    this.view.setBigUint64(at, value)
    return this
  }

  u16le(value: number): this {
    const at = this.reserve(2)
    this.view.setUint16(at, value, true)
    return this
  }

  u32le(value: number): this {
    const at = this.reserve(4)
    this.view.setUint32(at, value, true)
    return this
  }

  u64le(value: bigint): this {
    const at = this.reserve(8)
    this.view.setBigUint64(at, value, true)
    return this
  }

  bytes(value: Uint8Array): this {
    const at = this.reserve(value.length)
    this.buffer.set(value, at)
    return this
  }

  /** u16 length, then the bytes. @throws RangeError over 65,535 bytes: a format that needs more is misdesigned */
  bytes16(value: Uint8Array): this {
    if (value.length > 0xffff) throw new RangeError(`at most 65535 bytes fit, got ${value.length}`)
    return this.u16(value.length).bytes(value)
  }

  string16(value: string): this {
    return this.bytes16(encoder.encode(value))
  }

  zeros(count: number): this {
    this.reserve(count)
    return this
  }

  /** A copy of what was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.buffer.slice(0, this.length)
  }
}

/** All methods throw CraftecError `malformed` when the input is too short or breaks the rule of the field. */
export class ByteReader {
  private readonly view: DataView
  private readonly input: Uint8Array
  private readonly what: string
  private at = 0

  /** @param what the format's name, for error messages */
  constructor(input: Uint8Array, what: string) {
    this.input = input
    this.what = what
    this.view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  }

  get remaining(): number {
    return this.input.length - this.at
  }

  private take(count: number): number {
    if (count > this.remaining) throw this.malformed(`needs ${count} bytes at ${this.at}, has ${this.remaining}`)
    const at = this.at
    this.at += count
    return at
  }

  malformed(why: string): CraftecError {
    return new CraftecError('malformed', `${this.what}: ${why}`)
  }

  u8(): number {
    return this.view.getUint8(this.take(1))
  }

  u16(): number {
    return this.view.getUint16(this.take(2))
  }

  u32(): number {
    return this.view.getUint32(this.take(4))
  }

  u64(): bigint {
    return this.view.getBigUint64(this.take(8))
  }

  u16le(): number {
    return this.view.getUint16(this.take(2), true)
  }

  u32le(): number {
    return this.view.getUint32(this.take(4), true)
  }

  u64le(): bigint {
    return this.view.getBigUint64(this.take(8), true)
  }

  /** A view, not a copy. */
  bytes(count: number): Uint8Array {
    const at = this.take(count)
    return this.input.subarray(at, at + count)
  }

  /** u16 length of at most `max`, then the bytes (a view). */
  bytes16(max = 0xffff): Uint8Array {
    const length = this.u16()
    if (length > max) throw this.malformed(`length ${length} over the limit ${max}`)
    return this.bytes(length)
  }

  /** As {@link bytes16}, strict UTF-8. */
  string16(max = 0xffff): string {
    const bytes = this.bytes16(max)
    try {
      return decoder.decode(bytes)
    } catch (cause) {
      throw new CraftecError('malformed', `${this.what}: text is not UTF-8`, { cause })
    }
  }

  /** The rest, as a view. */
  rest(): Uint8Array {
    return this.bytes(this.remaining)
  }

  zeros(count: number): void {
    for (const byte of this.bytes(count)) if (byte !== 0) throw this.malformed('reserved bytes are not zero')
  }

  end(): void {
    if (this.remaining !== 0) throw this.malformed(`${this.remaining} trailing bytes`)
  }
}
