import type { RandomBytes } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { CodingEngine, Workspace } from './coding-engine.ts'
import { type CodedPiece, checkGeneration, type Generation, unitVector } from './generation.ts'

/**
 * Makes coded pieces of one generation. Write the source into `source(i)` (unwritten bytes are zero), then ask for pieces.
 * @example
 * import { createEncoder, createJsEngine } from '@craftec/web/obj'
 * const encoder = createEncoder(createJsEngine(), { k: 2, pieceBytes: 4 }, n => crypto.getRandomValues(new Uint8Array(n)))
 * encoder.source(0).set([1, 2, 3, 4])
 * encoder.source(1).set([5, 6, 7, 8])
 * const [piece] = encoder.coded(1)
 * encoder.release()
 */
export interface Encoder extends Generation {
  /** Where source piece `index` lies: write here and nothing is copied. Take it afresh after every other call. */
  source(index: number): Uint8Array
  /** Source piece `index` with its unit vector. The data is a view on the encoder's memory. */
  systematic(index: number): CodedPiece
  /** `count` fresh random combinations. The data are new arrays. */
  coded(count: number): CodedPiece[]
  /**
   * Bytes [from, to) of the combinations with the given rows, into `outputs`: the unit of work that a long job is cut into.
   * @param rows one row of k scalars per output, concatenated
   */
  combine(rows: Uint8Array, outputs: readonly Uint8Array[], from: number, to: number): void
  release(): void
}

/** @param random must be a CSPRNG: linear generators give singular matrices, and a predictable coefficient lets a peer plan for it */
export function createEncoder(engine: CodingEngine, generation: Generation, random: RandomBytes): Encoder {
  checkGeneration(generation)
  const { k, pieceBytes } = generation
  const workspace: Workspace = engine.workspace({ slots: k, pieceBytes, k })
  const inputs = Array.from({ length: k }, (_, index) => index)
  for (const index of inputs) workspace.slot(index).fill(0)

  const slot = (index: number): Uint8Array => {
    if (!Number.isInteger(index) || index < 0 || index >= k)
      throw new CraftecError('invalid-argument', `source piece 0..${k - 1}, got ${index}`)
    return workspace.slot(index)
  }
  const combine = (rows: Uint8Array, outputs: readonly Uint8Array[], from: number, to: number): void => {
    if (rows.length !== outputs.length * k)
      throw new CraftecError(
        'invalid-argument',
        `${outputs.length} outputs need ${outputs.length * k} coefficients, got ${rows.length}`
      )
    if (from < 0 || to > pieceBytes || from > to || outputs.some(output => output.length < to - from))
      throw new CraftecError(
        'invalid-argument',
        `bytes ${from}..${to} of a ${pieceBytes}-byte piece do not fit the outputs`
      )
    // A workspace has room for k rows at a time.
    for (let row = 0; row < outputs.length; row += k)
      workspace.combine({
        outputs: outputs.slice(row, row + k),
        inputs,
        coefficients: rows.subarray(row * k, (row + k) * k),
        from,
        to
      })
  }
  return {
    k,
    pieceBytes,
    source: slot,
    systematic: index => ({ coefficients: unitVector(k, index), data: slot(index) }),
    coded: count => {
      const rows = random(count * k)
      const outputs = Array.from({ length: count }, () => new Uint8Array(pieceBytes))
      combine(rows, outputs, 0, pieceBytes)
      return outputs.map((data, row) => ({ coefficients: rows.slice(row * k, (row + 1) * k), data }))
    },
    combine,
    release: () => workspace.release()
  }
}
