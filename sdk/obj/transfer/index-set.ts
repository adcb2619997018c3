import { CraftecError } from '../../errors/index.ts'

/** Committed pieces a segment can have: 128 source pieces and their parity stay far below. */
export const MAX_COMMITTED = 256
const BITS = 8

/** A set of committed-piece indices, 0..255, small enough to send with every message: one bit each. */
export class IndexSet {
  /** Bit i of byte i / 8, least significant first; the last byte is never zero, so that one set has one spelling. */
  readonly #bits = new Uint8Array(MAX_COMMITTED / BITS)
  #size = 0

  static of(...indices: readonly number[]): IndexSet {
    const set = new IndexSet()
    for (const index of indices) set.add(index)
    return set
  }

  /** @throws CraftecError `malformed` for more than 256 bits, or a last byte of zero */
  static fromBytes(bytes: Uint8Array): IndexSet {
    if (bytes.length > MAX_COMMITTED / BITS)
      throw new CraftecError('malformed', `a set of pieces has at most ${MAX_COMMITTED} bits`)
    if (bytes.length > 0 && bytes[bytes.length - 1] === 0)
      throw new CraftecError('malformed', 'a set of pieces ends with a byte that is not zero')
    const set = new IndexSet()
    for (let index = 0; index < bytes.length * BITS; index++)
      if (((bytes[index >> 3] ?? 0) >> (index & 7)) & 1) set.add(index)
    return set
  }

  get size(): number {
    return this.#size
  }

  has(index: number): boolean {
    return (((this.#bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1
  }

  /** @throws CraftecError `invalid-argument` outside 0..255 */
  add(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= MAX_COMMITTED)
      throw new CraftecError('invalid-argument', `a committed piece has an index of 0..${MAX_COMMITTED - 1}`)
    if (this.has(index)) return
    this.#bits[index >> 3] = (this.#bits[index >> 3] ?? 0) | (1 << (index & 7))
    this.#size++
  }

  delete(index: number): void {
    if (!this.has(index)) return
    this.#bits[index >> 3] = (this.#bits[index >> 3] ?? 0) & ~(1 << (index & 7))
    this.#size--
  }

  /** Ascending. */
  *[Symbol.iterator](): IterableIterator<number> {
    for (let index = 0; index < MAX_COMMITTED; index++) if (this.has(index)) yield index
  }

  /** As short as it gets; a copy. */
  toBytes(): Uint8Array {
    let length = this.#bits.length
    while (length > 0 && this.#bits[length - 1] === 0) length--
    return this.#bits.slice(0, length)
  }
}
