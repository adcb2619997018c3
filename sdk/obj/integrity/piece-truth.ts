import { CraftecError } from '../../errors/index.ts'
import { type CodingEngine, createEncoder, type Generation } from '../coding/index.ts'

/** What pieces should be: recomputed from a source that is known to be right. */
export interface PieceTruth {
  /** Bytes [from, to) of the piece with these coefficients. Good until the next call. */
  piece(coefficients: Uint8Array, from?: number, to?: number): Uint8Array
  release(): void
}

/** @param source the source pieces end to end; what is missing at the end is zero */
export function createPieceTruth(engine: CodingEngine, generation: Generation, source: Uint8Array): PieceTruth {
  const noRandom = (): never => {
    throw new CraftecError('internal', 'a given combination needs no randomness')
  }
  const encoder = createEncoder(engine, generation, noRandom, source)
  const bytes = new Uint8Array(generation.pieceBytes)
  return {
    piece: (coefficients, from = 0, to = generation.pieceBytes) => {
      const into = bytes.subarray(0, to - from)
      encoder.combine(coefficients, [into], from, to)
      return into
    },
    release: () => encoder.release()
  }
}
