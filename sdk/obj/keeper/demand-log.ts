import { encodeHex } from '../../codec/index.ts'
import { countReads, type Demand, demandLevel, NO_DEMAND, readsPerHour } from '../health/index.ts'
import { type SegmentPlace, segmentName } from './segment-place.ts'

/** Remembered; what was read longest ago is forgotten first. */
const MAX_SEGMENTS = 8192
const MAX_CONTENTS = 4096
/** A reader asks at most so many holders for one segment, so more of them do not make the share of each smaller. */
const MAX_SHARERS = 16

/** How much is read of what this node holds, counted from what it sent itself. */
export class DemandLog {
  readonly #segments = new Map<string, { readonly demand: Demand; readonly level: number }>()
  readonly #contents = new Map<string, Demand>()

  /** Pieces were sent to a reader. @param share of a whole segment, in pieces of k */
  read(place: SegmentPlace, share: number, nowMs: number): void {
    const name = segmentName(place)
    const { demand, level } = this.#segments.get(name) ?? { demand: NO_DEMAND, level: 0 }
    keepNewest(this.#segments, name, { demand: countReads(demand, share, nowMs), level }, MAX_SEGMENTS)
    const content = encodeHex(place.manifestId)
    const before = this.#contents.get(content) ?? NO_DEMAND
    keepNewest(this.#contents, content, countReads(before, share, nowMs), MAX_CONTENTS)
  }

  /**
   * The level of demand now, 0..3; what it was before counts, see `demandLevel`.
   * @param holders who share the reads with this node, itself included: each sees its part only
   */
  level(place: SegmentPlace, holders: number, nowMs: number): number {
    const name = segmentName(place)
    const known = this.#segments.get(name)
    if (!known) return 0
    const rate = readsPerHour(known.demand, nowMs) * Math.min(Math.max(1, holders), MAX_SHARERS)
    const level = demandLevel(known.level, rate)
    this.#segments.set(name, { ...known, level })
    return level
  }

  /** Reads of whole segments an hour, of all segments together, that this node served. */
  readsPerHour(manifestId: Uint8Array, nowMs: number): number {
    return readsPerHour(this.#contents.get(encodeHex(manifestId)) ?? NO_DEMAND, nowMs)
  }
}

function keepNewest<T>(map: Map<string, T>, key: string, value: T, limit: number): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > limit && oldest !== undefined) map.delete(oldest)
}
