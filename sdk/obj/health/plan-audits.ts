import type { RandomBytes } from '../../async/index.ts'

/** Challenges for one segment in one epoch: what four times the target of the largest segment comes to is looked at in turns. */
export const MAX_AUDITS = 512
/** Leaves asked of all pieces of a segment together, and of each: 512 leaves with their paths are 0.7 MiB. */
const LEAVES = 512
/** Sixteen find one lost tenth of a piece in 81 of 100 audits, and one lost half in all but one of 65,536. */
const [MIN_SAMPLES, MAX_SAMPLES] = [4, 16]

/**
 * Leaves to ask of each piece when so many are challenged. All pieces that are claimed are asked for: a piece that is not there is found
 * for certain, one that is damaged by its leaves.
 */
export function samplesFor(audits: number): number {
  return Math.min(MAX_SAMPLES, Math.max(MIN_SAMPLES, Math.floor(LEAVES / Math.max(1, audits))))
}

/** What a holder says it has, by whatever names its pieces, and when it was last believed. */
export interface AuditCandidate<Piece> {
  readonly holder: string
  readonly pieces: readonly Piece[]
  /** Milliseconds since the Unix epoch; undefined if it never passed. */
  readonly passedAtMs?: number
}

export interface PlannedAudit<Piece> {
  readonly holder: string
  readonly piece: Piece
}

/**
 * Whom to challenge, and for which piece: whoever was not audited for longest first, each once before anyone twice, a random piece each time,
 * so that no holder knows which one to keep.
 */
export function planAudits<Piece>(
  candidates: readonly AuditCandidate<Piece>[],
  random: RandomBytes,
  maxAudits: number = MAX_AUDITS
): PlannedAudit<Piece>[] {
  const waiting = candidates
    .filter(({ pieces }) => pieces.length > 0)
    .sort((a, b) => (a.passedAtMs ?? 0) - (b.passedAtMs ?? 0))
    .map(({ holder, pieces }) => ({ holder, left: shuffled(pieces, random) }))
  const planned: PlannedAudit<Piece>[] = []
  for (let round = 0; planned.length < maxAudits; round++) {
    const before = planned.length
    for (const { holder, left } of waiting) {
      const piece = left[round]
      if (piece !== undefined && planned.length < maxAudits) planned.push({ holder, piece })
    }
    if (planned.length === before) break
  }
  return planned
}

/** Fisher and Yates; 32 bits choose among at most some hundred, so the bias is of no use to anyone. */
function shuffled<T>(items: readonly T[], random: RandomBytes): T[] {
  const order = [...items]
  for (let at = order.length - 1; at > 0; at--) {
    const choice = new DataView(random(4).slice().buffer).getUint32(0) % (at + 1)
    const [a, b] = [order[at], order[choice]]
    if (a !== undefined && b !== undefined) {
      order[at] = b
      order[choice] = a
    }
  }
  return order
}
