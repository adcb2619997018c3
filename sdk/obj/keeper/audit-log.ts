import { encodeHex } from '../../codec/index.ts'
import { AUDIT_VALID_MS, type AuditedHolder } from '../health/index.ts'
import { type SegmentPlace, segmentName } from './segment-place.ts'

interface Passed {
  readonly coefficients: Uint8Array
  readonly atMs: number
}

/** Segments remembered; the one looked at longest ago is forgotten first. A segment takes some hundred bytes a piece. */
const MAX_SEGMENTS = 4096
/** Holders of one segment, and pieces of one holder. */
const MAX_HOLDERS = 256
const MAX_PIECES = 256
/** What seems to have passed in a future further away than this was seen by a clock that was set back since: it may be days old. */
const MAX_AHEAD_MS = 60_000

/** What this node saw for itself: which pieces which holders proved to have, and when. Nobody else's word gets in. */
export class AuditLog {
  readonly #segments = new Map<string, Map<string, Map<string, Passed>>>()

  passed(
    place: SegmentPlace,
    holder: string,
    piece: { readonly id: Uint8Array; readonly coefficients: Uint8Array },
    nowMs: number
  ): void {
    const holders = this.#touch(place)
    const pieces = holders.get(holder) ?? new Map<string, Passed>()
    if (!holders.has(holder) && holders.size >= MAX_HOLDERS) return
    holders.set(holder, pieces)
    const id = encodeHex(piece.id)
    if (pieces.has(id) || pieces.size < MAX_PIECES)
      pieces.set(id, { coefficients: piece.coefficients.slice(), atMs: nowMs })
  }

  /** Everything that the holder says it has was asked for: what it did not show now, it has no longer. */
  shownAll(place: SegmentPlace, holder: string, ids: readonly Uint8Array[]): void {
    const pieces = this.#touch(place).get(holder)
    const shown = new Set(ids.map(encodeHex))
    for (const id of [...(pieces?.keys() ?? [])]) if (!shown.has(id)) pieces?.delete(id)
  }

  /** One failed audit, and nothing that the holder showed before counts. */
  failed(place: SegmentPlace, holder: string): void {
    this.#touch(place).delete(holder)
  }

  /** A piece that turned out to be a lie, whoever holds it. */
  disbelieve(place: SegmentPlace, id: Uint8Array): void {
    for (const pieces of this.#touch(place).values()) pieces.delete(encodeHex(id))
  }

  /** @returns holders with what they proved of late; all are durable, others are not audited */
  holders(place: SegmentPlace, nowMs: number): AuditedHolder[] {
    return Array.from(this.#touch(place), ([holder, pieces]) => {
      const fresh = [...pieces.values()].filter(
        ({ atMs }) => nowMs - atMs <= AUDIT_VALID_MS && atMs - nowMs <= MAX_AHEAD_MS
      )
      const passedAtMs = Math.max(0, ...fresh.map(({ atMs }) => atMs))
      return { holder, durable: true, passedAtMs, pieces: fresh.map(({ coefficients }) => coefficients) }
    }).filter(({ pieces }) => pieces.length > 0)
  }

  #touch(place: SegmentPlace): Map<string, Map<string, Passed>> {
    const key = segmentName(place)
    const holders = this.#segments.get(key) ?? new Map<string, Map<string, Passed>>()
    this.#segments.delete(key)
    this.#segments.set(key, holders)
    const [oldest] = this.#segments.keys()
    if (this.#segments.size > MAX_SEGMENTS && oldest !== undefined) this.#segments.delete(oldest)
    return holders
  }
}
