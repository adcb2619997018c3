/** How safe a segment is, counted from what this node has seen for itself. */
import { type CodingEngine, createDecoder, createJsEngine, targetPieces } from '../coding/index.ts'

/** One holder of a segment, as this node's own audits have it. */
export interface AuditedHolder {
  /** Any name of it, one for each holder: its peer id, for instance. */
  readonly holder: string
  /** Whether it says it stays: a tab never does. */
  readonly durable: boolean
  /** When its last audit passed, milliseconds since the Unix epoch. */
  readonly passedAtMs: number
  /** Coefficients of the pieces that it was seen to have. */
  readonly pieces: readonly Uint8Array[]
}

/** `lost`: what is left does not span the segment. `critical`: losing any one holder would lose it. */
export type SegmentState = 'healthy' | 'degraded' | 'critical' | 'lost'

export interface SegmentHealth {
  readonly state: SegmentState
  readonly k: number
  /** Dimension of what the counted holders have: k, or the segment cannot be read from them. */
  readonly rank: number
  /** Their pieces. Copies count: any k of them would do only if they were independent, which `tolerance` shows. */
  readonly pieces: number
  /** What there should be. */
  readonly target: number
  readonly missing: number
  readonly holders: number
  /** Independent pieces that others lack if the holder is lost that would be missed most. 0: any one may go. */
  readonly exposed: number
  /** Holders that can be lost, those with most pieces first, before the rest no longer spans the segment. At most 32. */
  readonly tolerance: number
}

/** Two epochs: an audit that is older says little about today. */
export const AUDIT_VALID_MS = 60 * 60_000
const MAX_TOLERANCE = 32
/** More holders than anyone can audit in time; each costs a rank computation. */
const MAX_HOLDERS = 256

/**
 * Holders that count: durable ones whose audit is fresh, at most 256. An audit from the future is a clock that was set back, and counts
 * as well.
 */
export function countedHolders(holders: readonly AuditedHolder[], nowMs: number): AuditedHolder[] {
  return holders
    .filter(({ durable, passedAtMs }) => durable && nowMs - passedAtMs <= AUDIT_VALID_MS)
    .slice(0, MAX_HOLDERS)
}

/**
 * @param k source pieces of the segment
 * @param target default: what the network should have, `targetPieces(k)`
 * @param engine reduces a few dozen rows for each holder: tens of milliseconds in plain JavaScript when k is 128
 */
export function assessSegment(
  k: number,
  holders: readonly AuditedHolder[],
  nowMs: number,
  target: number = targetPieces(k),
  engine: CodingEngine = createJsEngine()
): SegmentHealth {
  const counted = countedHolders(holders, nowMs)
  const rank = rankOf(k, counted, engine)
  const pieces = counted.reduce((sum, holder) => sum + holder.pieces.length, 0)
  const exposed = k - Math.min(rank, ...counted.map(lost => rankOf(k, without(counted, lost), engine)))
  const tolerance = exposed > 0 ? 0 : lossTolerance(k, counted, engine)
  const missing = Math.max(0, target - pieces)
  const state = rank < k ? 'lost' : exposed > 0 ? 'critical' : missing > 0 ? 'degraded' : 'healthy'
  return { state, k, rank, pieces, target, missing, holders: counted.length, exposed, tolerance }
}

/** Dimension of what some holders have together. */
export function rankOf(
  k: number,
  holders: readonly Pick<AuditedHolder, 'pieces'>[],
  engine: CodingEngine = createJsEngine()
): number {
  const span = createDecoder(engine, { k, pieceBytes: 1 })
  try {
    for (const { pieces } of holders)
      for (const coefficients of pieces) if (!span.complete && coefficients.length === k) span.commit(coefficients)
    return span.rank
  } finally {
    span.release()
  }
}

/** The true worst case is a search over all subsets. Losing the largest holders first is what a planner can act upon. */
function lossTolerance(k: number, holders: readonly AuditedHolder[], engine: CodingEngine): number {
  const bySize = [...holders].sort((a, b) => b.pieces.length - a.pieces.length)
  let lost = 1
  while (lost < Math.min(MAX_TOLERANCE, bySize.length) && rankOf(k, bySize.slice(lost + 1), engine) === k) lost++
  return lost
}

function without(holders: readonly AuditedHolder[], lost: AuditedHolder): AuditedHolder[] {
  return holders.filter(holder => holder !== lost)
}
