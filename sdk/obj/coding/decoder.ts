import { CraftecError } from '../../errors/index.ts'
import type { CodingEngine } from './coding-engine.ts'
import {
  type CodedPiece,
  checkCoefficients,
  checkGeneration,
  checkPiece,
  checkRange,
  type Generation,
  sourceIndex
} from './generation.ts'

/** What a piece did for the decoder: raised the rank, or lay in the span of what was there. */
export type PieceVerdict = 'innovative' | 'redundant'

export interface Decoder extends Generation {
  /**
   * Take a piece, in any order. Only its coefficients are worked on; its data is copied once and left alone until rank k.
   * @throws CraftecError `malformed` for another shape than the generation's; the decoder is unharmed
   */
  add(piece: CodedPiece): PieceVerdict
  /**
   * Where the data of the next piece belongs, `pieceBytes` long: receive into it, then `commit`, and the piece is never copied.
   * Good until the next `add`, `commit` or `release`; bytes written but not committed mean nothing.
   * @throws CraftecError `invalid-argument` when the decoder is complete
   */
  slot(): Uint8Array
  /**
   * Take the piece whose data was written to `slot()`.
   * @throws CraftecError `malformed` unless there are k coefficients; the decoder is unharmed
   */
  commit(coefficients: Uint8Array): PieceVerdict
  readonly rank: number
  readonly complete: boolean
  /** Source pieces that arrived as themselves. */
  readonly systematic: number
  /**
   * Bytes [from, to) of the source pieces laid end to end. Pieces that arrived as themselves are copied, the others computed,
   * and only for the bytes asked for.
   * @param into at least `to - from` bytes; default a new array
   * @throws CraftecError `invalid-argument` before rank k, or outside of the generation
   */
  decode(from?: number, to?: number, into?: Uint8Array): Uint8Array
  /**
   * Bytes [from, to) of every source piece, each to its place in `into`, which takes the pieces end to end and may end early:
   * the unit of work that a long job is cut into.
   * @throws CraftecError as `decode`
   */
  decodeColumns(from: number, to: number, into: Uint8Array): void
  release(): void
}

/** Bytes [from, to) of source piece `index`, and where they go. */
interface Stretch {
  readonly index: number
  readonly from: number
  readonly to: number
  readonly at: number
}

export function createDecoder(engine: CodingEngine, generation: Generation): Decoder {
  checkGeneration(generation)
  const { k, pieceBytes } = generation
  const workspace = engine.workspace({ slots: k, pieceBytes, k })
  const inputs = Array.from({ length: k }, (_, index) => index)
  /** Slot of each source piece that arrived as itself. */
  const bySource = new Map<number, number>()
  let solutions: Map<number, Uint8Array> | undefined

  const solution = (index: number): Uint8Array => {
    solutions ??= new Map()
    let row = solutions.get(index)
    if (!row) {
      row = workspace.solution(index)
      solutions.set(index, row)
    }
    return row
  }

  const fill = (wanted: readonly Stretch[], into: Uint8Array): void => {
    if (workspace.rank < k)
      throw new CraftecError('invalid-argument', `${k} independent pieces are needed, ${workspace.rank} are there`)
    // Missing pieces that want the same stretch of bytes are made together: the inputs are then read once for all of them.
    const batches = new Map<string, { from: number; to: number; rows: Uint8Array[]; outputs: Uint8Array[] }>()
    for (const { index, from, to, at } of wanted) {
      const output = into.subarray(at, at + to - from)
      const slot = bySource.get(index)
      if (slot !== undefined) {
        output.set(workspace.slot(slot).subarray(from, to))
        continue
      }
      const key = `${from}:${to}`
      const batch = batches.get(key) ?? { from, to, rows: [], outputs: [] }
      batches.set(key, batch)
      batch.rows.push(solution(index))
      batch.outputs.push(output)
    }
    for (const { rows, outputs, from, to } of batches.values()) {
      const coefficients = new Uint8Array(rows.length * k)
      for (const [row, scalars] of rows.entries()) coefficients.set(scalars, row * k)
      workspace.combine({ outputs, inputs, coefficients, from, to })
    }
  }

  const take = (coefficients: Uint8Array): PieceVerdict => {
    const slot = workspace.rank
    if (!workspace.addRow(coefficients)) return 'redundant'
    const index = sourceIndex(coefficients)
    if (index >= 0) bySource.set(index, slot)
    return 'innovative'
  }

  return {
    k,
    pieceBytes,
    add: piece => {
      checkPiece(generation, piece)
      const slot = workspace.rank
      const verdict = take(piece.coefficients)
      if (verdict === 'innovative') workspace.slot(slot).set(piece.data)
      return verdict
    },
    slot: () => {
      if (workspace.rank === k) throw new CraftecError('invalid-argument', `all ${k} independent pieces are there`)
      return workspace.slot(workspace.rank)
    },
    commit: coefficients => {
      checkCoefficients(generation, coefficients)
      return take(coefficients)
    },
    get rank() {
      return workspace.rank
    },
    get complete() {
      return workspace.rank === k
    },
    get systematic() {
      return bySource.size
    },
    decode: (from = 0, to = k * pieceBytes, given) => {
      checkRange(from, to, k * pieceBytes)
      const into = given ?? new Uint8Array(to - from)
      if (into.length < to - from)
        throw new CraftecError('invalid-argument', `the target must have ${to - from} bytes, got ${into.length}`)
      const wanted: Stretch[] = []
      for (let index = Math.floor(from / pieceBytes); index * pieceBytes < to; index++) {
        const start = Math.max(from - index * pieceBytes, 0)
        const end = Math.min(to - index * pieceBytes, pieceBytes)
        wanted.push({ index, from: start, to: end, at: index * pieceBytes + start - from })
      }
      fill(wanted, into)
      return into
    },
    decodeColumns: (from, to, into) => {
      checkRange(from, to, pieceBytes)
      const wanted: Stretch[] = []
      for (let index = 0; index < k; index++) {
        const at = index * pieceBytes + from
        const end = Math.min(to, into.length - index * pieceBytes)
        if (end > from) wanted.push({ index, from, to: end, at })
      }
      fill(wanted, into)
    },
    release: () => workspace.release()
  }
}
