import type { RandomBytes } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { CodingEngine } from './coding-engine.ts'
import { combineRows, nonZeroScalars } from './combine-rows.ts'
import type { PieceVerdict } from './decoder.ts'
import { type CodedPiece, checkGeneration, checkPiece, type Generation, MAX_SOURCE_PIECES } from './generation.ts'

/** Recoding (RFC 8406 §3.5): a new piece out of held ones, without decoding. It never leaves the span of what is held. */
export interface Recoder extends Generation {
  /**
   * Hold a piece for recoding, also one that adds nothing to the span: whether to spend a place on it is the caller's choice.
   * @throws CraftecError `malformed` | `limit-exceeded` when `maxHeld` is reached
   */
  hold(piece: CodedPiece): PieceVerdict
  readonly held: number
  /** Dimension of the span of what is held. */
  readonly rank: number
  /**
   * A random combination of all that is held, every piece with a scalar other than zero.
   * @param into where its data goes, `pieceBytes` long; default a new array, which costs more than the combination of 8 pieces
   * @throws CraftecError `invalid-argument` with fewer than two pieces (the result would be a copy), or another target
   */
  recode(into?: Uint8Array): CodedPiece
  release(): void
}

/** More than a decoder needs, for holders that keep spares. */
const MAX_HELD = 2 * MAX_SOURCE_PIECES

/**
 * @param random a CSPRNG
 * @param maxHeld pieces to make room for, 2..256
 * @throws CraftecError `invalid-argument` | `limit-exceeded` when there is no memory for that many
 */
export function createRecoder(
  engine: CodingEngine,
  generation: Generation,
  random: RandomBytes,
  maxHeld = Math.max(2, generation.k)
): Recoder {
  checkGeneration(generation)
  if (!Number.isInteger(maxHeld) || maxHeld < 2 || maxHeld > MAX_HELD)
    throw new CraftecError('invalid-argument', `a recoder holds 2..${MAX_HELD} pieces, got ${maxHeld}`)
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
      return workspace.addRow(piece.coefficients) ? 'innovative' : 'redundant'
    },
    get held() {
      return coefficients.length
    },
    get rank() {
      return workspace.rank
    },
    recode: (into = new Uint8Array(pieceBytes)) => {
      if (into.length !== pieceBytes)
        throw new CraftecError('invalid-argument', `the target must have ${pieceBytes} bytes, got ${into.length}`)
      const count = coefficients.length
      if (count < 2) throw new CraftecError('invalid-argument', `recoding needs at least 2 pieces, ${count} held`)
      const scalars = nonZeroScalars(count, random)
      workspace.combine({
        outputs: [into],
        inputs: coefficients.map((_, index) => index),
        coefficients: scalars,
        from: 0,
        to: pieceBytes
      })
      return { coefficients: combineRows(coefficients, scalars, k), data: into }
    },
    release: () => workspace.release()
  }
}
