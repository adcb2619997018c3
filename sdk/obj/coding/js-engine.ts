/**
 * The engine without WebAssembly: for Tor Browser, for pages whose policy forbids it, and as the judge of the others.
 * A table of 256 words an input holds its products for four rows, a byte each: one look-up multiplies for all four of them.
 */
import { CraftecError } from '../../errors/index.ts'
import type { CodingEngine, CombineRequest, Workspace, WorkspaceShape } from './coding-engine.ts'
import { gf256 } from './field.ts'

/** Rows that share a table: bytes of a word. */
const GROUP_ROWS = 4
/** Inputs that the innermost loop takes at a time. */
const INPUTS_A_TURN = 4
const TABLE_WORDS = 256
/** Columns summed in the first-level cache, a word each, while inputs stream past. */
const STRIPE_COLUMNS = 2_048

export function createJsEngine(): CodingEngine {
  return { name: 'js', workspace: shape => new JsWorkspace(shape) }
}

class JsWorkspace implements Workspace {
  private memory: Uint8Array<ArrayBuffer> | undefined
  private readonly sums = new Int32Array(STRIPE_COLUMNS)
  /** Products of the rows in hand, four inputs in an array, 4 KiB: made anew for each group of rows, kept until `release`. */
  private products: Int32Array[] = []
  /** Bytes from slot to slot: whole words. */
  private readonly stride: number
  private readonly shape: WorkspaceShape
  private readonly tables = new Map<number, Uint8Array>()
  /** Kept rows by pivot: k coefficients, then k bytes of history. */
  private readonly kept: (Uint8Array | undefined)[]
  rank = 0

  constructor(shape: WorkspaceShape) {
    this.shape = shape
    this.stride = Math.ceil(shape.pieceBytes / 4) * 4
    try {
      this.memory = new Uint8Array(shape.slots * this.stride)
    } catch (cause) {
      throw new CraftecError('limit-exceeded', `no memory for ${shape.slots} pieces of ${shape.pieceBytes} bytes`, {
        cause
      })
    }
    this.kept = new Array(shape.k).fill(undefined)
  }

  slot(index: number): Uint8Array {
    return this.live().subarray(index * this.stride, index * this.stride + this.shape.pieceBytes)
  }

  private live(): Uint8Array<ArrayBuffer> {
    if (!this.memory) throw new CraftecError('stopped', 'this coding workspace was released')
    return this.memory
  }

  combine({ outputs, inputs, coefficients, from, to }: CombineRequest): void {
    const source = new Int32Array(this.live().buffer)
    // The last turn is filled up with zero times the last input.
    const words = Array.from(
      { length: Math.ceil(inputs.length / INPUTS_A_TURN) * INPUTS_A_TURN },
      (_, j) => ((inputs[Math.min(j, inputs.length - 1)] as number) * this.stride) / 4
    )
    for (let first = 0; first < outputs.length; first += GROUP_ROWS) {
      const group = outputs.slice(first, first + GROUP_ROWS)
      this.prepareProducts(
        coefficients.subarray(first * inputs.length, (first + group.length) * inputs.length),
        inputs.length
      )
      // Words are whole: start at the word `from` lies in, and drop what lies before it.
      for (let start = from - (from % 4); start < to; start += STRIPE_COLUMNS) {
        const end = Math.min(start + STRIPE_COLUMNS, to)
        this.sumStripe(source, words, start / 4, Math.ceil((end - start) / 4))
        const skip = Math.max(from - start, 0)
        for (const [row, output] of group.entries())
          takeRow(output.subarray(start + skip - from, end - from), this.sums, skip, row)
      }
    }
  }

  private prepareProducts(rows: Uint8Array, inputs: number): void {
    for (let j = 0; j < inputs; j += INPUTS_A_TURN) {
      const products = this.products[j / INPUTS_A_TURN] ?? new Int32Array(INPUTS_A_TURN * TABLE_WORDS)
      this.products[j / INPUTS_A_TURN] = products
      for (let turn = 0; turn < INPUTS_A_TURN; turn++) fillTable(products, turn * TABLE_WORDS, rows, j + turn, inputs)
    }
  }

  private sumStripe(source: Int32Array, inputs: readonly number[], at: number, words: number): void {
    this.sums.fill(0, 0, 4 * words)
    for (let j = 0; j < inputs.length; j += INPUTS_A_TURN) {
      const input = (turn: number): number => (inputs[j + turn] as number) + at
      const products = this.products[j / INPUTS_A_TURN] as Int32Array
      addFour(this.sums, words, products, source, input(0), input(1), input(2), input(3))
    }
  }

  private table(scalar = 0): Uint8Array {
    let table = this.tables.get(scalar)
    if (table === undefined) {
      const { multiply } = gf256()
      table = Uint8Array.from({ length: 256 }, (_, x) => multiply(scalar, x))
      this.tables.set(scalar, table)
    }
    return table
  }

  addRow(coefficients: Uint8Array): boolean {
    const { k } = this.shape
    const { inverse } = gf256()
    const row = new Uint8Array(2 * k)
    row.set(coefficients)
    row[k + this.rank] = 1
    let pivot = -1
    for (let column = 0; column < k; column++) {
      const scalar = row[column] as number
      if (scalar === 0) continue
      const kept = this.kept[column]
      if (kept) addOne(row, kept, this.table(scalar))
      else if (pivot < 0) pivot = column
    }
    if (pivot < 0) return false
    const scale = this.table(inverse(row[pivot] as number))
    const kept = row.map(value => scale[value] as number)
    for (const other of this.kept) {
      const scalar = other?.[pivot] ?? 0
      if (other && scalar !== 0) addOne(other, kept, this.table(scalar))
    }
    this.kept[pivot] = kept
    this.rank++
    return true
  }

  solution(index: number): Uint8Array {
    return (this.kept[index] ?? new Uint8Array(2 * this.shape.k)).slice(this.shape.k)
  }

  release(): void {
    this.memory = undefined
    this.products = []
  }
}

/** For rows of coefficients. Not for data: a function that has seen both is optimised for neither. */
function addOne(output: Uint8Array, input: Uint8Array, table: Uint8Array): void {
  for (let i = 0; i < output.length; i++) output[i] = (output[i] as number) ^ (table[input[i] as number] as number)
}

/**
 * The table at `table`: entry x has x times the scalar of the first row in its lowest byte, of the second in the next.
 * The field's products add up, so each doubling of the table costs one XOR an entry.
 * @param rows scalars row by row, `inputs` of each; the table is for the one of input `j`, all zero past the last
 */
function fillTable(products: Int32Array, table: number, rows: Uint8Array, j: number, inputs: number): void {
  const { multiply } = gf256()
  products[table] = 0
  for (let bit = 1; bit < TABLE_WORDS; bit *= 2) {
    let word = 0
    for (let row = 0; j < inputs && row * inputs < rows.length; row++)
      word |= multiply(rows[row * inputs + j] as number, bit) << (8 * row)
    for (let i = 0; i < bit; i++) products[table + bit + i] = (products[table + i] as number) ^ word
  }
}

/**
 * sums[0..4 * words) += the products of the bytes of the words at a, b, c and d, the lowest byte of a word first.
 * Four tables at fixed places in one array, bytes out of whole words: every array and every offset more is a register that V8
 * has not got, and half as slow.
 */
function addFour(
  sums: Int32Array,
  words: number,
  products: Int32Array,
  source: Int32Array,
  a: number,
  b: number,
  c: number,
  d: number
): void {
  const at = (index: number): number => products[index] as number
  for (let i = 0; i < words; i++) {
    const w = source[a + i] as number
    const x = source[b + i] as number
    const y = source[c + i] as number
    const z = source[d + i] as number
    const column = 4 * i
    sums[column] =
      (sums[column] as number) ^ at(w & 255) ^ at(256 | (x & 255)) ^ at(512 | (y & 255)) ^ at(768 | (z & 255))
    sums[column + 1] =
      (sums[column + 1] as number) ^
      at((w >>> 8) & 255) ^
      at(256 | ((x >>> 8) & 255)) ^
      at(512 | ((y >>> 8) & 255)) ^
      at(768 | ((z >>> 8) & 255))
    sums[column + 2] =
      (sums[column + 2] as number) ^
      at((w >>> 16) & 255) ^
      at(256 | ((x >>> 16) & 255)) ^
      at(512 | ((y >>> 16) & 255)) ^
      at(768 | ((z >>> 16) & 255))
    sums[column + 3] =
      (sums[column + 3] as number) ^ at(w >>> 24) ^ at(256 | (x >>> 24)) ^ at(512 | (y >>> 24)) ^ at(768 | (z >>> 24))
  }
}

/** One row's bytes out of the sums, from column `skip` on: one byte of each. Reading bytes is a third faster than shifting words. */
function takeRow(output: Uint8Array, sums: Int32Array, skip: number, row: number): void {
  const bytes = new Uint8Array(sums.buffer)
  const { length } = output
  const first = 4 * skip + row
  // With the other byte order a word's lowest byte is its last, and its sums' columns stand the other way about: four by four, both.
  const mirror = littleEndian() ? 0 : 15
  for (let i = 0; i < length; i++) output[i] = bytes[(first + 4 * i) ^ mirror] as number
}

function littleEndian(): boolean {
  return new Uint8Array(Uint32Array.of(1).buffer)[0] === 1
}
