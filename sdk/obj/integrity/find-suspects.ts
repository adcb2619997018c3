/**
 * Which pieces do not fit the others, found by linear algebra instead of trial. Pieces beyond k are parity checks: each must be a certain
 * combination of a basis. What the checks come to (the syndrome, row by row over many columns of sketches) lies in the space spanned by
 * the liars' columns of the parity-check matrix, and in general no honest piece's column does. So t lies that are independent of each
 * other are found all at once when there are more than t pieces to spare. (Decoding of interleaved codes: Metzner and Kapturowski, 1990.)
 */
import { type CodedPiece, type CodingEngine, createDecoder, MAX_SOURCE_PIECES } from '../coding/index.ts'
import { createPieceTruth } from './piece-truth.ts'

/**
 * @param sketches with the pieces' coefficients; those to trust most first
 * @param k source pieces of the segment
 * @returns indices of pieces that do not fit; undefined when the pieces fit together, do not span the segment, or too few are to spare
 */
export function findSuspects(engine: CodingEngine, sketches: readonly CodedPiece[], k: number): number[] | undefined {
  const { basis, spare } = parted(engine, sketches, k)
  const width = sketches[0]?.data.length ?? 0
  if (basis.length < k || spare.length < 2) return undefined
  const checks = expressed(engine, sketches, basis, spare, k)
  const predicted = createPieceTruth(
    engine,
    { k, pieceBytes: width },
    packed(
      basis.map(index => sketches[index]?.data),
      width
    )
  )
  const syndrome = spare.map((index, row) =>
    xor(predicted.piece(checks[row] ?? new Uint8Array(k)), sketches[index]?.data)
  )
  predicted.release()

  const space = independentColumns(engine, syndrome, width)
  if (space.length === 0 || space.length >= spare.length) return undefined
  const columnOf = (index: number): Uint8Array => {
    const place = basis.indexOf(index)
    return Uint8Array.from(spare, (other, row) => (place >= 0 ? (checks[row]?.[place] ?? 0) : other === index ? 1 : 0))
  }
  return [...basis, ...spare].filter(index => isWithin(engine, space, columnOf(index))).sort((a, b) => a - b)
}

/** The first k independent pieces, and others: no more than a workspace has rows for. */
function parted(
  engine: CodingEngine,
  pieces: readonly CodedPiece[],
  k: number
): { readonly basis: number[]; readonly spare: number[] } {
  const span = createDecoder(engine, { k, pieceBytes: 1 })
  const [basis, spare]: [number[], number[]] = [[], []]
  for (const [index, { coefficients }] of pieces.entries())
    if (!span.complete && span.commit(coefficients) === 'innovative') basis.push(index)
    else spare.push(index)
  span.release()
  return { basis, spare: spare.slice(0, MAX_SOURCE_PIECES) }
}

/** Each spare piece as a combination of the basis: k scalars, in the order of the basis. */
function expressed(
  engine: CodingEngine,
  pieces: readonly CodedPiece[],
  basis: readonly number[],
  spare: readonly number[],
  k: number
): Uint8Array[] {
  // Solving for unit vectors in place of data gives the inverse of the basis.
  const solver = createDecoder(engine, { k, pieceBytes: k })
  for (const [place, index] of basis.entries()) {
    const data = new Uint8Array(k)
    data[place] = 1
    solver.add({ coefficients: pieces[index]?.coefficients ?? new Uint8Array(k), data })
  }
  const inverse = createPieceTruth(engine, { k, pieceBytes: k }, solver.decode())
  solver.release()
  const rows = spare.map(index => inverse.piece(pieces[index]?.coefficients ?? new Uint8Array(k)).slice())
  inverse.release()
  return rows
}

/** Columns of the syndrome that span all of them. */
function independentColumns(engine: CodingEngine, syndrome: readonly Uint8Array[], width: number): Uint8Array[] {
  const span = createDecoder(engine, { k: syndrome.length, pieceBytes: 1 })
  const columns = Array.from({ length: width }, (_, at) => Uint8Array.from(syndrome, row => row[at] ?? 0))
  const independent = columns.filter(column => !span.complete && span.commit(column) === 'innovative')
  span.release()
  return independent
}

function isWithin(engine: CodingEngine, space: readonly Uint8Array[], column: Uint8Array): boolean {
  const span = createDecoder(engine, { k: column.length, pieceBytes: 1 })
  for (const vector of space) span.commit(vector)
  const within = !span.complete && span.commit(column) === 'redundant'
  span.release()
  return within
}

function packed(rows: readonly (Uint8Array | undefined)[], width: number): Uint8Array {
  const bytes = new Uint8Array(rows.length * width)
  for (const [index, row] of rows.entries()) if (row) bytes.set(row, index * width)
  return bytes
}

function xor(left: Uint8Array, right: Uint8Array | undefined): Uint8Array {
  return left.map((byte, index) => byte ^ (right?.[index] ?? 0))
}
