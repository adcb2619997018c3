/** Hot content gains pieces, idle content gives them back. */
import { targetPieces } from '../coding/index.ts'

/** A read counts half after this long. */
const HALF_LIFE_MS = 15 * 60_000
/** Reads of a whole segment an hour that the base number of pieces serves without anyone noticing. */
const READS_PER_HOUR = 60
/** Four times the base: more would crowd out what others keep. */
export const MAX_DEMAND_LEVEL = 3

/** Reads of late, forgotten exponentially: two numbers, however many reads. */
export interface Demand {
  readonly reads: number
  readonly atMs: number
}

export const NO_DEMAND: Demand = { reads: 0, atMs: 0 }

/** @param reads in units of whole segments: a range of a tenth is 0.1 */
export function countReads(demand: Demand, reads: number, nowMs: number): Demand {
  return { reads: remaining(demand, nowMs) + reads, atMs: Math.max(nowMs, demand.atMs) }
}

export function readsPerHour(demand: Demand, nowMs: number): number {
  // The mean life of a read that fades with a half-life of h is h / ln 2.
  return (remaining(demand, nowMs) * 3_600_000 * Math.LN2) / HALF_LIFE_MS
}

/**
 * How many times over a segment is wanted. Rises at 60, 120, 240 reads an hour, falls at a quarter of them: what comes and goes within an
 * hour moves no pieces.
 * @param level the present one, 0..3
 */
export function demandLevel(level: number, rate: number): number {
  let next = level
  while (next < MAX_DEMAND_LEVEL && rate > READS_PER_HOUR * 2 ** next) next++
  while (next > 0 && rate < (READS_PER_HOUR * 2 ** (next - 1)) / 4) next--
  return next
}

/** Pieces that a segment should have at a level of demand. */
export function scaledTarget(k: number, level: number): number {
  return targetPieces(k) * (1 + Math.min(Math.max(level, 0), MAX_DEMAND_LEVEL))
}

function remaining({ reads, atMs }: Demand, nowMs: number): number {
  return reads * 2 ** (-Math.max(0, nowMs - atMs) / HALF_LIFE_MS)
}
