/**
 * Persistent guards. A client that drew its first hop anew for every circuit would sooner or later draw a malicious one; with
 * few guards for a long time, most clients never do (guard-spec, "The motivation for guards"; Øverlier and Syverson 2006).
 * Times and the retry schedule are those of guard-spec, "Parameters"; the state machine is simpler: one list, in which
 * guards that have worked come first, and the first that may be tried is used. Circuits are not restricted to three
 * primary guards, because the list as a whole is kept as small.
 */
import { encodeHex } from '../../codec/index.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** GUARD_LIFETIME: nobody is a guard for ever, or the one bad draw would be. */
const GUARD_LIFETIME_MS = 120 * DAY_MS
/** GUARD_CONFIRMED_MIN_LIFETIME: counted from first use. */
const CONFIRMED_LIFETIME_MS = 60 * DAY_MS
/** REMOVE_UNLISTED_GUARDS_AFTER. Until then the node may come back. */
const UNLISTED_MS = 20 * DAY_MS

/** MAX_SAMPLE_THRESHOLD: who can keep a client from its guards must not make it try everybody. */
const SAMPLE_SHARE = 0.2
/** A fifth of a network of five would be one; MIN_FILTERED_SAMPLE would be more than there are. */
const MIN_SAMPLE = 6
const MAX_SAMPLE = 20
/** N_PRIMARY_GUARDS. */
const PRIMARY_GUARDS = 3

/** How long after a failure a guard is left alone, by how long it has been failing (guard-spec, "Retrying guards"). */
const RETRY_SCHEDULE = [
  { failingForMs: 6 * HOUR_MS, retryAfterMs: 10 * MINUTE_MS },
  { failingForMs: 4 * DAY_MS, retryAfterMs: 90 * MINUTE_MS },
  { failingForMs: 7 * DAY_MS, retryAfterMs: 4 * HOUR_MS },
  { failingForMs: Number.POSITIVE_INFINITY, retryAfterMs: 9 * HOUR_MS }
]

/** Plain data, for structured clone. Times are milliseconds since the Unix epoch. */
export interface Guard {
  /** Hex. */
  readonly identity: string
  readonly addedAtMs: number
  /** First time a link to it stood. */
  readonly confirmedAtMs: number | null
  /** Since when every try failed. */
  readonly failingSinceMs: number | null
  readonly lastFailureMs: number | null
  /** Since when no valid descriptor of it is known. */
  readonly unlistedSinceMs: number | null
}

export interface GuardState {
  /** In order of preference. */
  readonly guards: readonly Guard[]
}

export const NO_GUARDS: GuardState = { guards: [] }

/** State from a store; what is not one, or not quite, counts as none. */
export function parseGuardState(value: unknown): GuardState {
  const guards: unknown = (value as Partial<GuardState> | null | undefined)?.guards
  if (!Array.isArray(guards) || guards.length > MAX_SAMPLE || !guards.every(isGuard)) return NO_GUARDS
  return { guards: guards.map(guard => ({ ...guard })) }
}

/**
 * Tell the state how a link to a guard went. Only the link: a circuit that failed further on says nothing about the guard,
 * and counting it would let others choose the client's guards.
 */
export function reportGuard(state: GuardState, identity: Uint8Array, worked: boolean, nowMs: number): GuardState {
  const name = encodeHex(identity)
  const guards = state.guards.map(guard => {
    if (guard.identity !== name) return guard
    if (worked)
      return { ...guard, confirmedAtMs: guard.confirmedAtMs ?? nowMs, failingSinceMs: null, lastFailureMs: null }
    return { ...guard, failingSinceMs: guard.failingSinceMs ?? nowMs, lastFailureMs: nowMs }
  })
  return { guards: inOrder(guards) }
}

/** Let time pass: forget guards past their life, note who is listed. */
export function refreshGuards(state: GuardState, listed: ReadonlySet<string>, nowMs: number): GuardState {
  const guards = state.guards
    .map(guard => ({
      ...guard,
      unlistedSinceMs: listed.has(guard.identity) ? null : (guard.unlistedSinceMs ?? nowMs)
    }))
    .filter(
      guard =>
        nowMs - guard.addedAtMs < GUARD_LIFETIME_MS &&
        nowMs - (guard.confirmedAtMs ?? nowMs) < CONFIRMED_LIFETIME_MS &&
        nowMs - (guard.unlistedSinceMs ?? nowMs) < UNLISTED_MS
    )
  return { guards: inOrder(guards) }
}

/** Whether a guard may be tried now. */
export function isDue(guard: Guard, nowMs: number): boolean {
  const { failingSinceMs, lastFailureMs } = guard
  if (failingSinceMs === null || lastFailureMs === null) return true
  const step = RETRY_SCHEDULE.find(({ failingForMs }) => nowMs - failingSinceMs < failingForMs)
  return nowMs - lastFailureMs >= (step?.retryAfterMs ?? 0)
}

/**
 * Whether another node may become a guard. Beyond the first few not while a guard is merely set aside by the caller: who
 * can make circuits fail, and so nodes be avoided, must not lead the client from guard to guard.
 * @param candidates how many nodes could be guards
 * @param setAside   identities in hex
 */
export function mayAddGuard(state: GuardState, candidates: number, setAside: readonly string[]): boolean {
  const count = state.guards.length
  if (count < PRIMARY_GUARDS) return true
  if (state.guards.some(({ identity }) => setAside.includes(identity))) return false
  return count < Math.min(MAX_SAMPLE, Math.max(MIN_SAMPLE, Math.floor(candidates * SAMPLE_SHARE)))
}

export function addGuard(state: GuardState, identity: string, nowMs: number): GuardState {
  const guard = {
    identity,
    addedAtMs: nowMs,
    confirmedAtMs: null,
    failingSinceMs: null,
    lastFailureMs: null,
    unlistedSinceMs: null
  }
  return { guards: [...state.guards, guard] }
}

/** The list of {@link addGuard}: who worked first comes first; then who was drawn first. */
function inOrder(guards: readonly Guard[]): Guard[] {
  const rank = (guard: Guard): number => guard.confirmedAtMs ?? Number.POSITIVE_INFINITY
  return guards.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)))
}

function isGuard(value: unknown): value is Guard {
  if (typeof value !== 'object' || value === null) return false
  const guard = value as Guard
  const isTime = (time: unknown): boolean => typeof time === 'number' && Number.isFinite(time)
  return (
    typeof guard.identity === 'string' &&
    /^[0-9a-f]{64}$/.test(guard.identity) &&
    isTime(guard.addedAtMs) &&
    [guard.confirmedAtMs, guard.failingSinceMs, guard.lastFailureMs, guard.unlistedSinceMs].every(
      time => time === null || isTime(time)
    )
  )
}
