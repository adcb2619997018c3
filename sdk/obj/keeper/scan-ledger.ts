import { epochOf } from '../health/index.ts'
import { type SegmentPlace, segmentName } from './segment-place.ts'

/** Segments remembered; a node with more of them looks at some twice in an epoch, which costs audits and nothing else. */
const MAX_SEGMENTS = 65_536

/** What this node has done in this epoch, and when pieces came in: one scan of a segment an epoch is enough for everybody. */
export class ScanLedger {
  readonly #scanned = new Map<string, number>()
  readonly #added = new Map<string, number>()
  readonly #startedMs: number

  /** @param startedMs what came in before is not known: it counts as come in then */
  constructor(startedMs: number) {
    this.#startedMs = startedMs
  }

  isScanned(place: SegmentPlace, nowMs: number): boolean {
    return this.#scanned.get(segmentName(place)) === epochOf(nowMs)
  }

  scanned(place: SegmentPlace, nowMs: number): void {
    keepNewest(this.#scanned, segmentName(place), epochOf(nowMs))
  }

  /** Pieces of the segment were stored here. */
  added(place: SegmentPlace, nowMs: number): void {
    keepNewest(this.#added, segmentName(place), nowMs)
  }

  addedAtMs(place: SegmentPlace): number {
    return this.#added.get(segmentName(place)) ?? this.#startedMs
  }
}

function keepNewest(map: Map<string, number>, key: string, value: number): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > MAX_SEGMENTS && oldest !== undefined) map.delete(oldest)
}
