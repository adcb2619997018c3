import type { RandomBytes } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { CodingEngine } from './coding-engine.ts'
import { combineRows, nonZeroScalars } from './combine-rows.ts'
import { type CodedPiece, checkGeneration, checkPiece, type Generation } from './generation.ts'

/** Recoding (RFC 8406 §3.5): a new piece out of held ones, without decoding. It never leaves the span of what is held. */
export interface Recoder extends Generation {
  /** Hold a piece for recoding. @throws CraftecError `malformed` | `limit-exceeded` when `maxHeld` is reached */
  hold(piece: CodedPiece): void
  readonly held: number
  /** Dimension of the span of what is held. */
  readonly rank: number
  /** @throws CraftecError `invalid-argument` with fewer than two pieces: the result would be a copy */
  recode(): CodedPiece
  release(): void
}

/** @param maxHeld pieces to make room for, 2..k */
export function createRecoder(
  engine: CodingEngine,
  generation: Generation,
  random: RandomBytes,
  maxHeld = Math.max(2, generation.k)
): Recoder {
  checkGeneration(generation)
  const { k, pieceBytes } = generation
  const workspace = engine.workspace({ slots: maxHeld, pieceBytes, k })
  const coefficients: Uint8Array[] = []
  return {
    k,
    pieceBytes,
    hold: piece => {
      checkPiece(generation, piece)
      if (coefficients.length === maxHeld)
        throw new CraftecError('limit-exceeded', `this recoder holds at most ${maxHeld} pieces`)
      workspace.slot(coefficients.length).set(piece.data)
      coefficients.push(piece.coefficients.slice())
      workspace.addRow(piece.coefficients)
    },
    get held() {
      return coefficients.length
    },
    get rank() {
      return workspace.rank
    },
    recode: () => {
      const count = coefficients.length
      if (count < 2) throw new CraftecError('invalid-argument', `recoding needs at least 2 pieces, ${count} held`)
      const scalars = nonZeroScalars(count, random)
      const data = new Uint8Array(pieceBytes)
      workspace.combine({
        outputs: [data],
        inputs: coefficients.map((_, index) => index),
        coefficients: scalars,
        from: 0,
        to: pieceBytes
      })
      return { coefficients: combineRows(coefficients, scalars, k), data }
    },
    release: () => workspace.release()
  }
}
