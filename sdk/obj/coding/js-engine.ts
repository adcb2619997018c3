/**
 * The engine without WebAssembly: for Tor Browser, for pages whose policy forbids it, and as the judge of the others.
 * One 256-entry product table a scalar; the innermost loop handles two inputs so that the output is read and written half as often.
 */
import { CraftecError } from '../../errors/index.ts'
import type { CodingEngine, CombineRequest, Workspace, WorkspaceShape } from './coding-engine.ts'
import { gf256 } from './field.ts'

/** A stripe of every output stays in the first-level cache while inputs stream past. */
const STRIPE_BYTES = 8_192

export function createJsEngine(): CodingEngine {
  return { name: 'js', workspace: shape => new JsWorkspace(shape) }
}

class JsWorkspace implements Workspace {
  private memory: Uint8Array | undefined
  private readonly shape: WorkspaceShape
  private readonly tables = new Map<number, Uint8Array>()
  /** Kept rows by pivot: k coefficients, then k bytes of history. */
  private readonly kept: (Uint8Array | undefined)[]
  rank = 0

  constructor(shape: WorkspaceShape) {
    this.shape = shape
    try {
      this.memory = new Uint8Array(shape.slots * shape.pieceBytes)
    } catch (cause) {
      throw new CraftecError('limit-exceeded', `no memory for ${shape.slots} pieces of ${shape.pieceBytes} bytes`, {
        cause
      })
    }
    this.kept = new Array(shape.k).fill(undefined)
  }

  slot(index: number): Uint8Array {
    const { pieceBytes } = this.shape
    if (!this.memory) throw new CraftecError('stopped', 'this coding workspace was released')
    return this.memory.subarray(index * pieceBytes, (index + 1) * pieceBytes)
  }

  combine({ outputs, inputs, coefficients, from, to }: CombineRequest): void {
    const slots = inputs.map(index => this.slot(index))
    for (let start = from; start < to; start += STRIPE_BYTES) {
      const end = Math.min(start + STRIPE_BYTES, to)
      for (const [row, output] of outputs.entries()) {
        const scalars = coefficients.subarray(row * inputs.length, (row + 1) * inputs.length)
        const stripe = output.subarray(start - from, end - from)
        stripe.fill(0)
        for (let j = 0; j < slots.length; j += 2) {
          const first = (slots[j] as Uint8Array).subarray(start, end)
          const second = slots[j + 1]?.subarray(start, end)
          if (second) addTwo(stripe, first, this.table(scalars[j]), second, this.table(scalars[j + 1]))
          else addOne(stripe, first, this.table(scalars[j]))
        }
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

function addOne(output: Uint8Array, input: Uint8Array, table: Uint8Array): void {
  for (let i = 0; i < output.length; i++) output[i] = (output[i] as number) ^ (table[input[i] as number] as number)
}

function addTwo(output: Uint8Array, a: Uint8Array, tableA: Uint8Array, b: Uint8Array, tableB: Uint8Array): void {
  for (let i = 0; i < output.length; i++)
    output[i] = (output[i] as number) ^ (tableA[a[i] as number] as number) ^ (tableB[b[i] as number] as number)
}
