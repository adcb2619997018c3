/** Keys of index rows. Numbers are padded, so that keys are in their order; all of it is ASCII. */

export const SEGMENTS_A_HELD_ROW = 256
/** Of 2^53 - 1. */
const HOME_DIGITS = 16

export function aliasKey(contentId: string, manifest: string): string {
  return `${aliasPrefix(contentId)}${manifest}`
}

/** Rows of all manifests of a content id. */
export function aliasPrefix(contentId: string): string {
  return `${contentId}/`
}

export function segmentKey(home: number, segment: number): string {
  return `${homePrefix(home)}${String(segment).padStart(5, '0')}`
}

/** @param key of a segment row @returns the segment's number */
export function segmentOf(key: string): number {
  return Number(key.slice(HOME_DIGITS + 1))
}

export function heldKey(home: number, segment: number): string {
  return `${homePrefix(home)}${String(Math.floor(segment / SEGMENTS_A_HELD_ROW)).padStart(3, '0')}`
}

export function pieceKey(home: number, segment: number, id: string): string {
  return `${segmentKey(home, segment)}/${id}`
}

/** Rows of one content's segments and pieces. */
export function homePrefix(home: number): string {
  return `${String(home).padStart(HOME_DIGITS, '0')}/`
}

export const LEDGER_KEY = 'ledger'
/** What pushes displaced of late. */
export const TURNOVER_KEY = 'turnover'
/** Its row is there only while the store is closed in good order. */
export const CLOSED_KEY = 'closed'
/** Contents that are no longer there, but whose pieces still have to be freed. */
export const REMOVAL_PREFIX = 'removal/'

export function removalKey(home: number): string {
  return REMOVAL_PREFIX + homePrefix(home)
}
