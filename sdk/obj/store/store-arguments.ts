import { CraftecError } from '../../errors/index.ts'
import { MAX_PIECE_BYTES, MAX_SOURCE_PIECES } from '../coding/index.ts'
import type {
  ContentInfo,
  ContentLabel,
  ContentPage,
  NewContent,
  PushOffer,
  ReadOptions,
  StoredPiece
} from './piece-store.ts'
import {
  DEFAULT_PAGE,
  ID_BYTES,
  MAX_KEY_CHARACTERS,
  MAX_MANIFEST_BYTES,
  MAX_NAME_CHARACTERS,
  MAX_PAGE,
  MAX_PEER_CHARACTERS,
  MAX_PIECES_PER_SEGMENT,
  MAX_PROMISES,
  MAX_PROVENANCE_BYTES,
  MAX_SEGMENTS,
  MAX_TYPE_CHARACTERS,
  MAX_VALUE_BYTES
} from './store-limits.ts'

/** What every engine refuses. All functions throw CraftecError `invalid-argument` with what was expected and what came. */

export function checkId(what: string, id: Uint8Array): void {
  checkBytes(what, id, ID_BYTES, ID_BYTES)
}

export function checkNewContent(content: NewContent): void {
  checkId('manifest id', content.manifestId)
  checkId('content id', content.contentId)
  checkBytes('manifest', content.manifest, 0, MAX_MANIFEST_BYTES)
  checkInteger('pieceBytes', content.pieceBytes, 1, MAX_PIECE_BYTES)
  checkInteger('segments', content.segments, 0, MAX_SEGMENTS)
  checkInteger('size', content.size, 0, Number.MAX_SAFE_INTEGER)
  if (content.origin !== 'own' && content.origin !== 'peer') throw invalid('origin', "'own' or 'peer'", content.origin)
  if (content.origin === 'peer') checkPeer(content.peer)
  if (content.label !== undefined) checkLabel(content.label)
}

export function checkPeer(peer: unknown): void {
  checkKeyText('peer', peer, MAX_PEER_CHARACTERS)
}

export function checkPushOffer({ manifestId, segment, pieces, pieceBytes, from, promised = [] }: PushOffer): void {
  checkId('manifest id', manifestId)
  checkInteger('segment', segment, 0, Number.MAX_SAFE_INTEGER)
  checkInteger('number of pieces', pieces, 1, MAX_PIECES_PER_SEGMENT)
  checkInteger('pieceBytes', pieceBytes, 1, MAX_PIECE_BYTES)
  checkPeer(from)
  checkInteger('number of promises', promised.length, 0, MAX_PROMISES)
  for (const promise of promised) {
    checkPeer(promise.from)
    checkInteger('number of pieces', promise.pieces, 1, MAX_PIECES_PER_SEGMENT)
    checkInteger('pieceBytes', promise.pieceBytes, 1, MAX_PIECE_BYTES)
  }
}

export function checkLabel(label: ContentLabel): void {
  checkText('name', label.name, 0, MAX_NAME_CHARACTERS)
  checkText('media type', label.type, 0, MAX_TYPE_CHARACTERS)
}

export function checkAdoption(
  provisional: Pick<NewContent, 'origin' | 'pieceBytes'>,
  content: Pick<NewContent, 'origin' | 'pieceBytes'>
): void {
  if (provisional.origin !== 'own') throw invalid('provisional content', "'own'", provisional.origin)
  if (content.origin !== 'own') throw invalid('content', "'own'", content.origin)
  if (provisional.pieceBytes !== content.pieceBytes)
    throw invalid('pieceBytes', `${provisional.pieceBytes}, as of the provisional content`, content.pieceBytes)
}

export function checkSegment(content: Pick<NewContent, 'segments'>, segment: number): void {
  checkInteger('segment', segment, 0, content.segments - 1)
}

export function checkPieces(
  content: Pick<NewContent, 'segments' | 'pieceBytes'>,
  pieces: readonly StoredPiece[]
): void {
  checkInteger('number of pieces', pieces.length, 1, MAX_PIECES_PER_SEGMENT)
  for (const { record, data } of pieces) {
    checkId('piece id', record.id)
    checkId('piece root', record.root)
    checkBytes('coefficients', record.coefficients, 1, MAX_SOURCE_PIECES)
    checkBytes('provenance', record.provenance, 0, MAX_PROVENANCE_BYTES)
    checkBytes('piece', data, content.pieceBytes, content.pieceBytes)
  }
}

/** @returns the range as numbers, and where to write it */
export function checkRead(
  content: Pick<ContentInfo, 'pieceBytes'>,
  { from = 0, to = content.pieceBytes, into }: ReadOptions
): { from: number; to: number; into: Uint8Array } {
  checkInteger('to', to, 0, content.pieceBytes)
  checkInteger('from', from, 0, to)
  if (into !== undefined) checkBytes('into', into, to - from, Number.MAX_SAFE_INTEGER)
  return { from, to, into: into?.subarray(0, to - from) ?? new Uint8Array(to - from) }
}

export function checkPage({ after, limit = DEFAULT_PAGE }: ContentPage): number {
  if (after !== undefined) checkId('after', after)
  checkInteger('limit', limit, 1, MAX_PAGE)
  return limit
}

export function checkKey(key: string): void {
  checkKeyText('key', key, MAX_KEY_CHARACTERS)
}

export function checkValue(value: Uint8Array): void {
  checkBytes('value', value, 0, MAX_VALUE_BYTES)
}

export function checkInteger(what: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most)
    throw invalid(what, `an integer ${least}..${most}`, value)
}

function checkBytes(what: string, value: unknown, least: number, most: number): void {
  if (!(value instanceof Uint8Array)) throw invalid(what, 'bytes', typeof value)
  if (value.length < least || value.length > most)
    throw invalid(what, least === most ? `${least} bytes` : `${least}..${most} bytes`, value.length)
}

/** Printable ASCII: the order of anything else differs from one kind of index to the other. */
function checkKeyText(what: string, value: unknown, most: number): void {
  checkText(what, value, 1, most)
  if (!/^[\x21-\x7e]*$/.test(String(value))) throw invalid(what, 'printable ASCII without spaces', 'other characters')
}

/** Lone surrogates have no UTF-8 form: they would not come back as they went in. */
function checkText(what: string, value: unknown, least: number, most: number): void {
  if (typeof value !== 'string') throw invalid(what, 'text', typeof value)
  if (value.length < least || value.length > most) throw invalid(what, `${least}..${most} characters`, value.length)
  if (!value.isWellFormed()) throw invalid(what, 'well-formed text', 'lone surrogates')
}

function invalid(what: string, expected: string, got: unknown): CraftecError {
  return new CraftecError('invalid-argument', `${what}: expected ${expected}, got ${String(got)}`)
}
