/**
 * The engine on WebAssembly SIMD. A workspace is one instance with a memory of its own, so that nothing has to be freed inside;
 * released instances are kept for the next generation of a like size.
 */
import { CraftecError } from '../../errors/index.ts'
import type { CodingEngine, CombineRequest, Workspace, WorkspaceShape } from './coding-engine.ts'

/** The exports of wasm/assembly/rlnc.ts. Addresses and lengths are bytes. */
interface Kernels {
  readonly memory: WebAssembly.Memory
  start(): number
  combineScratchBytes(rows: number, count: number): number
  combine(
    outputs: number,
    rows: number,
    inputs: number,
    count: number,
    coefficients: number,
    scratch: number,
    length: number
  ): void
  reductionBytes(k: number): number
  reductionStart(state: number, k: number): void
  reductionInput(state: number, k: number): number
  reductionAdd(state: number, k: number, arrival: number): number
  reductionHistory(state: number, k: number, pivot: number): number
}

const PAGE_BYTES = 65_536
/** The kernels work on whole 64-byte columns. */
const ALIGNMENT_BYTES = 64
/**
 * What follows a slot or a stripe. Without it they lie a multiple of the page size apart: in the same cache sets, and with addresses
 * that the processor takes for one another (4 KiB aliasing), which costs 8 % of encoding.
 */
const SKEW_BYTES = 192
/** Outputs are made a stripe at a time and copied out while they are in the second-level cache. 4 to 64 KiB are alike. */
const STRIPE_BYTES = 16_384
const STRIPE_STRIDE_BYTES = STRIPE_BYTES + SKEW_BYTES
/** Enough for an encoder and a decoder that take turns; more would hold memory for nothing. */
const MAX_IDLE_INSTANCES = 2
/** An instance never shrinks: one that has held a larger generation than the default is let go. */
const MAX_IDLE_BYTES = 32 * 1024 * 1024

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES

/**
 * @param module a compiled `rlnc` kernel module
 * @param relaxed whether it is the relaxed-SIMD build, for the name only
 */
export function createWasmEngine(module: WebAssembly.Module, relaxed: boolean): CodingEngine {
  const idle: Kernels[] = []
  const instantiate = (): Kernels => new WebAssembly.Instance(module).exports as unknown as Kernels
  return {
    name: relaxed ? 'wasm-relaxed-simd' : 'wasm-simd',
    workspace: shape =>
      new WasmWorkspace(idle.pop() ?? instantiate(), shape, kernels => {
        if (idle.length < MAX_IDLE_INSTANCES && kernels.memory.buffer.byteLength <= MAX_IDLE_BYTES) idle.push(kernels)
      })
  }
}

class WasmWorkspace implements Workspace {
  private kernels: Kernels | undefined
  private readonly shape: WorkspaceShape
  private readonly giveBack: (kernels: Kernels) => void
  private readonly stride: number
  private readonly inputList: number
  private readonly outputList: number
  private readonly coefficients: number
  private readonly scratch: number
  private readonly reduction: number
  private readonly stripes: number
  private readonly slots: number
  rank = 0

  constructor(kernels: Kernels, shape: WorkspaceShape, giveBack: (kernels: Kernels) => void) {
    this.kernels = kernels
    this.shape = shape
    this.giveBack = giveBack
    const { slots, pieceBytes, k } = shape
    let end = kernels.start()
    const take = (bytes: number): number => {
      const at = end
      end = aligned(end + bytes)
      return at
    }
    this.stride = aligned(pieceBytes) + SKEW_BYTES
    this.inputList = take(4 * slots)
    this.outputList = take(4 * k)
    this.coefficients = take(k * slots)
    this.scratch = take(kernels.combineScratchBytes(k, slots))
    this.reduction = take(kernels.reductionBytes(k))
    this.stripes = take(k * STRIPE_STRIDE_BYTES)
    this.slots = take(slots * this.stride)
    const missing = Math.ceil((end - kernels.memory.buffer.byteLength) / PAGE_BYTES)
    if (missing > 0) {
      try {
        kernels.memory.grow(missing)
      } catch (cause) {
        throw new CraftecError('limit-exceeded', `no memory for ${slots} pieces of ${pieceBytes} bytes`, { cause })
      }
    }
    kernels.reductionStart(this.reduction, k)
    // A reused instance holds old pieces; the padding behind each must be zero or it would leak into the last column.
    if (pieceBytes % ALIGNMENT_BYTES !== 0)
      for (let i = 0; i < slots; i++)
        this.bytes(this.slots + i * this.stride + pieceBytes, aligned(pieceBytes) - pieceBytes).fill(0)
  }

  private live(): Kernels {
    if (!this.kernels) throw new CraftecError('stopped', 'this coding workspace was released')
    return this.kernels
  }

  private bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.live().memory.buffer, at, length)
  }

  slot(index: number): Uint8Array {
    return this.bytes(this.slots + index * this.stride, this.shape.pieceBytes)
  }

  combine({ outputs, inputs, coefficients, from, to }: CombineRequest): void {
    const kernels = this.live()
    const view = new DataView(kernels.memory.buffer)
    this.bytes(this.coefficients, coefficients.length).set(coefficients)
    for (let row = 0; row < outputs.length; row++)
      view.setUint32(this.outputList + 4 * row, this.stripes + row * STRIPE_STRIDE_BYTES, true)
    // Columns are whole: start at the column `from` lies in and drop what lies before it.
    for (let start = from - (from % ALIGNMENT_BYTES); start < to; start += STRIPE_BYTES) {
      const end = Math.min(start + STRIPE_BYTES, to)
      for (const [j, index] of inputs.entries())
        view.setUint32(this.inputList + 4 * j, this.slots + index * this.stride + start, true)
      const length = aligned(end - start)
      kernels.combine(
        this.outputList,
        outputs.length,
        this.inputList,
        inputs.length,
        this.coefficients,
        this.scratch,
        length
      )
      const skip = Math.max(from - start, 0)
      for (const [row, output] of outputs.entries())
        output.set(this.bytes(this.stripes + row * STRIPE_STRIDE_BYTES + skip, end - start - skip), start + skip - from)
    }
  }

  addRow(coefficients: Uint8Array): boolean {
    const kernels = this.live()
    const { k } = this.shape
    if (this.rank === k) return false
    this.bytes(kernels.reductionInput(this.reduction, k), k).set(coefficients)
    if (kernels.reductionAdd(this.reduction, k, this.rank) < 0) return false
    this.rank++
    return true
  }

  solution(index: number): Uint8Array {
    const { k } = this.shape
    return this.bytes(this.live().reductionHistory(this.reduction, k, index), k).slice()
  }

  release(): void {
    if (!this.kernels) return
    this.giveBack(this.kernels)
    this.kernels = undefined
  }
}
