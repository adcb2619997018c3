import { IndexSet } from './index-set.ts'

/** Bytes of a segment. */
export interface SegmentPart {
  readonly from: number
  /** Behind the last one. */
  readonly to: number
}

/** The source pieces that a part of a segment lies in. @returns undefined when those are all of its k pieces */
export function partPieces({ from, to }: SegmentPart, k: number, pieceBytes: number): IndexSet | undefined {
  const [first, last] = [Math.floor(from / pieceBytes), Math.ceil(to / pieceBytes) - 1]
  if (first <= 0 && last >= k - 1) return undefined
  const pieces = new IndexSet()
  for (let index = first; index <= last; index++) pieces.add(index)
  return pieces
}
