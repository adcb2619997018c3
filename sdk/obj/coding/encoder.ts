import type { RandomBytes } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { CodingEngine, Workspace } from './coding-engine.ts'
import { type CodedPiece, checkGeneration, checkRange, type Generation, unitVector } from './generation.ts'

/**
 * Makes coded pieces of one generation. Give it the source, or write it into `source(i)` (unwritten bytes are zero), then ask for pieces.
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

/**
 * @param random must be a CSPRNG: linear generators give singular matrices, and a predictable coefficient lets a peer plan for it
 * @param bytes the generation's source pieces end to end, at most k * pieceBytes; copied
 * @throws CraftecError `invalid-argument`
 */
export function createEncoder(
  engine: CodingEngine,
  generation: Generation,
  random: RandomBytes,
  bytes: Uint8Array = new Uint8Array(0)
): Encoder {
  checkGeneration(generation)
  const { k, pieceBytes } = generation
  if (bytes.length > k * pieceBytes)
    throw new CraftecError('invalid-argument', `${k} pieces hold ${k * pieceBytes} bytes, got ${bytes.length}`)
  const workspace: Workspace = engine.workspace({ slots: k, pieceBytes, k })
  const inputs = Array.from({ length: k }, (_, index) => index)
  for (const index of inputs) {
    const piece = bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes)
    const target = workspace.slot(index)
    target.set(piece)
    // only what is left: zeroing all first would cost as much as the copy
    if (piece.length < pieceBytes) target.fill(0, piece.length)
  }

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
    checkRange(from, to, pieceBytes)
    for (const output of outputs)
      if (output.length < to - from)
        throw new CraftecError('invalid-argument', `an output must have ${to - from} bytes, got ${output.length}`)
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
