import { createJsHashEngine, type NewContent, type StoredPiece } from '../../sdk/obj/index.ts'

/** The root that stores check pieces against. */
export const { pieceRoot } = createJsHashEngine()

/** Content and pieces that look real to a store; every byte follows from the numbers given. */

export function id(...numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(32)
  const view = new DataView(bytes.buffer)
  for (const [index, number] of numbers.entries()) view.setUint32(index * 4, number)
  bytes[31] = 0xa5
  return bytes
}

export function newContent(number: number, options: Partial<NewContent> = {}): NewContent {
  return {
    manifestId: id(number),
    contentId: id(number, 1),
    manifest: new Uint8Array(100 + number).fill(number),
    pieceBytes: 1_000,
    segments: 3,
    size: 10_000,
    origin: 'own',
    ...options
  }
}

/** Piece `index` of a segment, with a true root. Another version has other bytes under the same id. */
export function piece(content: NewContent, segment: number, index: number, version = 0): StoredPiece {
  const seed = (content.manifestId[3] ?? 0) * 7_919 + segment * 104_729 + index * 1_299_709 + version * 15_485_863 + 1
  const data = new Uint8Array(content.pieceBytes)
  let state = seed >>> 0 || 1
  for (let at = 0; at < data.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    data[at] = state >>> 24
  }
  return {
    record: {
      id: id(...content.manifestId.subarray(0, 4), segment, index),
      coefficients: Uint8Array.from({ length: 4 }, (_, i) => (index * 31 + i) & 0xff),
      root: pieceRoot(data),
      provenance: new Uint8Array(40 + index).fill(index)
    },
    data
  }
}

export function pieces(content: NewContent, segment: number, count: number, from = 0): StoredPiece[] {
  return Array.from({ length: count }, (_, index) => piece(content, segment, from + index))
}
