import type { AuditedHolder, SegmentHealth } from './segment-health.ts'

/** New pieces of one segment in one epoch: repair is steady, not a storm. */
export const MAX_REPAIRS = 16

/** Make one piece and give it to a node. Whoever scans does it, with the help of `recoder`. */
export interface RepairTask {
  /** Who makes it. */
  readonly recoder: string
  /**
   * `recode`: from two or more pieces that the recoder has. `fetch-and-recode`: the scanner has one, and gets another from `from` first.
   * `copy`: k is 1, and every piece is as good as the one that the recoder has.
   */
  readonly how: 'recode' | 'fetch-and-recode' | 'copy'
  readonly from?: string
  readonly to: string
  /** Pieces that cross the network for it: 1 or 2. */
  readonly moved: number
}

export interface RepairView {
  readonly health: SegmentHealth
  /** Who scans, and carries the plan out. */
  readonly self: string
  /** Those that count: durable, and audited of late. */
  readonly holders: readonly AuditedHolder[]
  /** Durable nodes that would take a piece, best first; they may be holders. */
  readonly candidates: readonly string[]
  /** Default 16, and never more. */
  readonly maxRepairs?: number
}

/**
 * What to do for a segment that is short of pieces. New ones are combinations, so no holder has to have the segment, and none is
 * decoded. They are made by all who can, in turn, those with most pieces first: combinations by one holder lie in the span of
 * its own few pieces, and would not replace those of another. Each goes to whoever has least, and nobody gets more than k.
 * @returns nothing for a segment that is well, and nothing for one that is lost: combining adds no information
 */
export function planRepair({ health, self, holders, candidates, maxRepairs = MAX_REPAIRS }: RepairView): RepairTask[] {
  const { state, k, missing, exposed } = health
  if (state === 'lost' || state === 'healthy') return []
  const wanted = Math.min(Math.max(missing, exposed), maxRepairs, MAX_REPAIRS)
  const makers = [...holders].sort((a, b) => b.pieces.length - a.pieces.length)
  const able = k === 1 ? makers : makers.filter(({ pieces }) => pieces.length >= 2)
  const held = new Map(candidates.map(candidate => [candidate, 0]))
  for (const { holder, pieces } of holders) if (held.has(holder)) held.set(holder, pieces.length)

  const others = makers.filter(({ holder, pieces }) => holder !== self && pieces.length > 0)
  const selfHolds = makers.some(({ holder, pieces }) => holder === self && pieces.length > 0)

  const tasks: RepairTask[] = []
  for (let turn = 0; turn < wanted; turn++) {
    const task =
      able.length > 0
        ? fromOwn(able, turn, k, held, self)
        : selfHolds
          ? fromTwo(others, turn, k, held, self)
          : undefined
    if (task === undefined) break
    held.set(task.to, (held.get(task.to) ?? 0) + 1)
    tasks.push(task)
  }
  return tasks
}

function fromOwn(
  able: readonly AuditedHolder[],
  turn: number,
  k: number,
  held: ReadonlyMap<string, number>,
  self: string
): RepairTask | undefined {
  const recoder = able[turn % able.length]?.holder
  const to = recoder === undefined ? undefined : leastHeld(held, k, recoder)
  if (recoder === undefined || to === undefined) return undefined
  return { recoder, how: k === 1 ? 'copy' : 'recode', to, moved: recoder === self || to === self ? 1 : 2 }
}

/** Nobody has more than one piece: the scanner gets another's, combines, and hands on the result. */
function fromTwo(
  others: readonly AuditedHolder[],
  turn: number,
  k: number,
  held: ReadonlyMap<string, number>,
  self: string
): RepairTask | undefined {
  const from = others[turn % others.length]?.holder
  const to = from === undefined ? undefined : leastHeld(held, k, self)
  return from === undefined || to === undefined
    ? undefined
    : { recoder: self, how: 'fetch-and-recode', from, to, moved: 2 }
}

/** The candidate with the fewest pieces, the better one of equals. More than k would tell it nothing new. */
function leastHeld(held: ReadonlyMap<string, number>, k: number, except: string): string | undefined {
  let best: { readonly candidate: string; readonly pieces: number } | undefined
  for (const [candidate, pieces] of held)
    if (candidate !== except && pieces < k && (best === undefined || pieces < best.pieces)) best = { candidate, pieces }
  return best?.candidate
}
