import type { NewContent } from '../../sdk/obj/index.ts'
import { newContent } from './store-content.ts'

export const PIECES = 8

/** Content whose segments have {@link PIECES} pieces of 64 KiB each: large enough that a kill hits the middle of a write. */
export function segmentContent(number: number, segments: number): NewContent {
  return newContent(number, { segments, pieceBytes: 65_536 })
}
