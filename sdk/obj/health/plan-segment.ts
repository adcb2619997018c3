/** All that a scanner decides about one segment, from what it saw: no clock, no network. */
import type { CodingEngine } from '../coding/index.ts'
import { scaledTarget } from './demand.ts'
import { planRepair, type RepairTask } from './plan-repair.ts'
import { planRetirement } from './plan-retirement.ts'
import { type AuditedHolder, assessSegment, countedHolders, type SegmentHealth } from './segment-health.ts'

export interface SegmentView {
  readonly k: number
  /** Of demand, 0..3. */
  readonly level: number
  /** The scanner, by the name that holders have. */
  readonly self: string
  /** Coefficients of the scanner's own pieces. */
  readonly own: readonly Uint8Array[]
  /** Other holders, as its own audits have them. */
  readonly others: readonly AuditedHolder[]
  /** Durable nodes that would take a piece, best first. */
  readonly candidates: readonly string[]
  readonly pinned: boolean
  readonly nowMs: number
  /** When the scan began. */
  readonly sinceMs: number
  /** When a piece of the segment last came in here. */
  readonly addedAtMs?: number | undefined
  /** As for `assessSegment`. */
  readonly engine?: CodingEngine
}

export interface SegmentPlan {
  readonly health: SegmentHealth
  readonly repairs: readonly RepairTask[]
  /** Which of its own pieces the scanner lets go. Never in one epoch with a repair. */
  readonly retire: readonly number[]
}

export function planSegment(view: SegmentView): SegmentPlan {
  const { k, level, self, own, others, candidates, nowMs, engine } = view
  const target = scaledTarget(k, level)
  const mine: AuditedHolder = { holder: self, durable: true, passedAtMs: nowMs, pieces: own }
  const all = own.length === 0 ? others : [...others, mine]
  const health = assessSegment(k, all, nowMs, target, engine)
  const repairs = planRepair({ health, self, holders: countedHolders(all, nowMs), candidates })
  // A segment that gains pieces, or would if anybody took them, has none to give.
  const retire = health.state === 'healthy' ? planRetirement({ ...view, target, elected: true }) : []
  return { health, repairs, retire }
}
