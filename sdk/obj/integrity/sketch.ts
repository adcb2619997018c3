import type { RandomBytes } from '../../async/index.ts'
import { type CodingEngine, createEncoder, MAX_SOURCE_PIECES } from '../coding/index.ts'

/** Wide enough to tell as many lies apart as anyone would wait for. */
const FOLDED_BYTES = 32
/** Independent foldings: two pieces that differ have one sketch with a probability of 2^-16 at most, whatever the liar does. */
const FOLDINGS = 2

/** A short linear image of a piece: the sketch of a combination is the combination of the sketches. */
export interface Sketcher {
  readonly sketchBytes: number
  sketch(piece: Uint8Array): Uint8Array
}

/**
 * Folds pieces twice, by random scalars that no peer knows: into a 128th, and that into 32 bytes. Whether pieces fit together can then be
 * asked of a few dozen bytes each instead of 256 KiB, a thousand times if need be.
 * @param random a CSPRNG
 */
export function createSketcher(engine: CodingEngine, pieceBytes: number, random: RandomBytes): Sketcher {
  const outer = createFolding(engine, pieceBytes, random)
  const inner = createFolding(engine, outer.foldedBytes, random)
  return {
    sketchBytes: FOLDINGS * FOLDINGS * inner.foldedBytes,
    sketch: piece => concatenated(outer.fold(piece).flatMap(folded => inner.fold(folded)))
  }
}

function createFolding(
  engine: CodingEngine,
  bytes: number,
  random: RandomBytes
): { readonly foldedBytes: number; fold(data: Uint8Array): Uint8Array[] } {
  const k = Math.min(MAX_SOURCE_PIECES, Math.max(1, Math.floor(bytes / FOLDED_BYTES)))
  const foldedBytes = Math.ceil(bytes / k)
  // Never zero: a stripe that is left out would be free to lie in.
  const scalars = random(FOLDINGS * k).map(scalar => scalar || 1)
  return {
    foldedBytes,
    fold: data => {
      const encoder = createEncoder(engine, { k, pieceBytes: foldedBytes }, random, data)
      try {
        const outputs = Array.from({ length: FOLDINGS }, () => new Uint8Array(foldedBytes))
        encoder.combine(scalars, outputs, 0, foldedBytes)
        return outputs
      } finally {
        encoder.release()
      }
    }
  }
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
