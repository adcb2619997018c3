import type { CodingEngine } from '../coding/index.ts'
import { type AuditedHolder, assessSegment } from './segment-health.ts'

/** Pieces beyond the target that stay, so that repair and retirement do not chase each other. */
const MARGIN = 0.1
/** Other holders that must be able to vanish afterwards without loss. */
const MIN_TOLERANCE = 2
/** A holder that keeps any keeps two: below that it can no longer help to repair. */
const KEEP_PIECES = 2

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
  /** As for `assessSegment`. */
  readonly engine?: CodingEngine
}

/**
 * Whether to let go of one piece of a segment that has too many. Nobody drops on another's word: only holders whose audits passed before
 * this node count, and without any of its own pieces they must have the target, a tenth more, and room for two losses. Only the
 * scanner of the epoch may act, so that not all who see the same surplus remove it at once; everyone's turn comes.
 * @returns which of `own` to drop: the last; undefined to keep everything
 */
export function planRetirement(view: RetirementView): number | undefined {
  const { k, target, pinned, own, others, elected, nowMs } = view
  if (pinned || own.length <= KEEP_PIECES || !elected) return undefined
  const wanted = Math.ceil(target * (1 + MARGIN))
  const { pieces, tolerance } = assessSegment(k, others, nowMs, target, view.engine)
  return pieces >= wanted && tolerance >= MIN_TOLERANCE ? own.length - 1 : undefined
}
