/**
 * The engine without WebAssembly: for Tor Browser, for pages whose policy forbids it, and as the judge of the others.
 * One 256-entry product table a scalar; the innermost loop takes two inputs, four bytes of each at a time, so that memory is read and
 * written an eighth as often.
 */
import { CraftecError } from '../../errors/index.ts'
import type { CodingEngine, CombineRequest, Workspace, WorkspaceShape } from './coding-engine.ts'
import { gf256 } from './field.ts'

/** A stripe of one output is summed in the first-level cache while inputs stream past, then copied to where it belongs. */
const STRIPE_BYTES = 8_192

export function createJsEngine(): CodingEngine {
  return { name: 'js', workspace: shape => new JsWorkspace(shape) }
}

class JsWorkspace implements Workspace {
  private memory: Uint8Array<ArrayBuffer> | undefined
  private readonly stripe = new Uint32Array(STRIPE_BYTES / 4)
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
    const { stripe } = this
    const source = new Uint32Array(this.live().buffer)
    const sums = new Uint8Array(stripe.buffer)
    // Words are whole: start at the word `from` lies in, and drop what lies before it.
    for (let start = from - (from % 4); start < to; start += STRIPE_BYTES) {
      const end = Math.min(start + STRIPE_BYTES, to)
      const skip = Math.max(from - start, 0)
      const words = Math.ceil((end - start) / 4)
      const wordOf = (j: number): number => ((inputs[j] as number) * this.stride + start) / 4
      for (const [row, output] of outputs.entries()) {
        const scalars = coefficients.subarray(row * inputs.length, (row + 1) * inputs.length)
        stripe.fill(0, 0, words)
        for (let j = 0; j < inputs.length; j += 2) {
          // an odd last input is paired with zero times itself
          const second = j + 1 < inputs.length ? j + 1 : j
          const other = second === j ? 0 : scalars[second]
          addTwo(stripe, words, source, wordOf(j), this.table(scalars[j]), wordOf(second), this.table(other))
        }
        output.set(sums.subarray(skip, end - start), start + skip - from)
      }
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
  }
}

/** For rows of coefficients. Not for data: a function that has seen both is optimised for neither. */
function addOne(output: Uint8Array, input: Uint8Array, table: Uint8Array): void {
  for (let i = 0; i < output.length; i++) output[i] = (output[i] as number) ^ (table[input[i] as number] as number)
}

/** stripe[0..words) += scalar a * source[a..) + scalar b * source[b..), each word four bytes, each scalar given by its table. */
function addTwo(
  stripe: Uint32Array,
  words: number,
  source: Uint32Array,
  a: number,
  tableA: Uint8Array,
  b: number,
  tableB: Uint8Array
): void {
  const at = (table: Uint8Array, index: number): number => table[index & 255] as number
  for (let i = 0; i < words; i++) {
    const x = source[a + i] as number
    const y = source[b + i] as number
    stripe[i] =
      (stripe[i] as number) ^
      (at(tableA, x) ^ at(tableB, y)) ^
      ((at(tableA, x >>> 8) ^ at(tableB, y >>> 8)) << 8) ^
      ((at(tableA, x >>> 16) ^ at(tableB, y >>> 16)) << 16) ^
      ((at(tableA, x >>> 24) ^ at(tableB, y >>> 24)) << 24)
  }
}
