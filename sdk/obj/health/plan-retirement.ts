import type { CodingEngine } from '../coding/index.ts'
import { EPOCH_MS } from './scanner-election.ts'
import { type AuditedHolder, assessSegment } from './segment-health.ts'

/** Pieces beyond the target that stay, so that repair and retirement do not chase each other. */
const MARGIN = 0.1
/** Other holders that must be able to vanish afterwards without loss. */
const MIN_TOLERANCE = 2
/** A holder that keeps any keeps two: below that it can no longer help to repair. */
const KEEP_PIECES = 2
/** Of one segment in one epoch, as with repair. */
export const MAX_RETIRED = 16
/**
 * After a piece of the segment came in nothing of it is let go for so long: whoever sent it had seen a need that this node may not see,
 * and two scanners with different views would pass pieces back and forth.
 */
export const QUIET_MS = 12 * EPOCH_MS

export interface RetirementView {
  readonly k: number
  /** What the segment should have, demand included. */
  readonly target: number
  /** Pinned content is never let go. */
  readonly pinned: boolean
  /** Coefficients of the pieces held here. */
  readonly own: readonly Uint8Array[]
  /** Other holders, as audited by this node itself: what anyone else says about them has no place here. */
  readonly others: readonly AuditedHolder[]
  /** Whether it is for this node to scan in this epoch. */
  readonly elected: boolean
  readonly nowMs: number
  /** When this scan began: what was proven before may have been let go since. */
  readonly sinceMs: number
  /** When a piece of the segment last came in; undefined when that was before anybody remembers. */
  readonly addedAtMs?: number | undefined
  /** As for `assessSegment`. */
  readonly engine?: CodingEngine
}

/**
 * Which pieces to let go of, of a segment that has too many. Nobody drops on another's word: only holders whose audits passed before this
 * node in this very scan count, and without any of its own pieces they must have the target, a tenth more, and room for two losses. Only
 * the scanner of the epoch may act, so that not all who see the same surplus remove it at once; everyone's turn comes.
 * @returns which of `own` to drop, the last ones; none to keep everything
 */
export function planRetirement(view: RetirementView): readonly number[] {
  const { k, target, pinned, own, others, elected, nowMs, sinceMs, addedAtMs = Number.NEGATIVE_INFINITY } = view
  if (pinned || own.length <= KEEP_PIECES || !elected || nowMs - addedAtMs < QUIET_MS) return []
  const wanted = Math.ceil(target * (1 + MARGIN))
  const seen = others.filter(({ passedAtMs }) => passedAtMs >= sinceMs)
  const { pieces, tolerance } = assessSegment(k, seen, nowMs, target, view.engine)
  if (pieces < wanted || tolerance < MIN_TOLERANCE) return []
  const surplus = pieces + own.length - wanted
  const count = Math.min(own.length - KEEP_PIECES, surplus, MAX_RETIRED)
  return Array.from({ length: count }, (_, index) => own.length - count + index)
}
