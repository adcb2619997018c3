/** Who holds a content, seen from a device that may have none of it: what holders claim, and what they prove. */
import { CraftecError } from '../../errors/index.ts'
import type { PeerId } from '../../identity/index.ts'
import { type ContentId, contentIdFromHash } from '../content/index.ts'
import { assessSegment, type SegmentHealth, type SegmentState } from '../health/index.ts'
import { type AskedHolder, AuditLog, auditSegment } from '../keeper/index.ts'
import { manifestSegmentation, type SignedManifest } from '../manifest/index.ts'
import { HolderSession } from '../transfer/index.ts'
import type { ObjContext } from './obj-context.ts'
import { type FoundHolder, searchHolders } from './search-holders.ts'

export interface SurveyOptions {
  readonly signal?: AbortSignal | undefined
  /** Segments that are audited, drawn at random; all of them cost as much as a tenth of the content. Default 2, at most 64. */
  readonly segments?: number
}

/** One holder. This device is not among them: what it has is in `ls` and `stat`. */
export interface HolderReport {
  readonly peer: PeerId
  /** Whether it says that it stays. A tab never does, and counts for nothing in `health`. */
  readonly durable: boolean
  /**
   * `proven`: it showed all that it claims of the audited segments. `failed`: it did not, or showed something else. `empty`: it claims nothing of
   * them. `unreachable`: it could not be asked, or gave no answer in time.
   */
  readonly audit: 'proven' | 'failed' | 'empty' | 'unreachable'
  /** Pieces of the audited segments that it showed. */
  readonly pieces: number
}

export interface ContentHolders {
  readonly cid: ContentId
  readonly manifestId: Uint8Array
  readonly holders: readonly HolderReport[]
  /** Segments that were audited, and how many there are. */
  readonly audited: number
  readonly segments: number
  /** Of the audited segment that is worst off, durable holders that proved their pieces and no others; undefined for empty content. */
  readonly health: (SegmentHealth & { readonly segment: number }) | undefined
}

/** Each is a connection. */
const MAX_HOLDERS = 24
const MAX_SEGMENTS = 64
const DEFAULT_SEGMENTS = 2
const OPEN_TIMEOUT_MS = 5_000
const WORST_FIRST: readonly SegmentState[] = ['lost', 'critical', 'degraded', 'healthy']

/** @throws CraftecError `aborted` | `invalid-argument` */
export async function surveyHolders(
  context: ObjContext,
  manifest: SignedManifest,
  { segments = DEFAULT_SEGMENTS, signal }: SurveyOptions & { readonly signal: AbortSignal }
): Promise<ContentHolders> {
  if (!Number.isInteger(segments) || segments < 1 || segments > MAX_SEGMENTS)
    throw new CraftecError('invalid-argument', `segments must be 1..${MAX_SEGMENTS}, got ${segments}`)
  const { contentId, id: manifestId } = manifest
  const found: FoundHolder[] = []
  for await (const holder of searchHolders(context, { contentId, manifestId }, signal))
    if (found.push(holder) >= MAX_HOLDERS) break
  const sessions = await openSessions(context, found, signal)
  const log = new AuditLog()
  const [failed, silent] = [new Set<string>(), new Set<string>()]
  const chosen = someOf(manifest.segments.length, segments, context.random)
  const states: (SegmentHealth & { readonly segment: number })[] = []
  try {
    for (const segment of chosen) {
      const holders = await ask(manifest, segment, [...sessions.values()], signal)
      await auditSegment(
        context,
        { manifest, segment, holders, log, signal },
        { onFault: (peer, why) => void (why === 'late' || why === 'link-lost' ? silent : failed).add(peer) }
      )
      if (signal.aborted) throw CraftecError.from(signal.reason, 'aborted')
      const now = context.clock.now()
      const { k } = manifestSegmentation(manifest).segment(segment)
      const seen = log.holders({ manifestId, segment }, now)
      const durable = seen.filter(({ holder }) => found.some(({ peerId, durable }) => peerId === holder && durable))
      states.push({ segment, ...assessSegment(k, durable, now, undefined, context.coding) })
    }
  } finally {
    for (const session of sessions.values()) void session.close()
  }
  const holders = found.map(({ peerId, durable = false }): HolderReport => {
    const pieces = chosen.reduce((sum, segment) => sum + shownBy(log, { manifestId, segment }, peerId, context), 0)
    const reached = sessions.has(peerId) && !silent.has(peerId)
    const audit = failed.has(peerId) ? 'failed' : !reached ? 'unreachable' : pieces > 0 ? 'proven' : 'empty'
    return { peer: peerId, durable, audit, pieces }
  })
  const health = WORST_FIRST.flatMap(state => states.filter(each => each.state === state)).at(0)
  return {
    cid: contentIdFromHash(contentId),
    manifestId,
    holders,
    audited: chosen.length,
    segments: manifest.segments.length,
    health
  }
}

function shownBy(
  log: AuditLog,
  place: { readonly manifestId: Uint8Array; readonly segment: number },
  peer: string,
  { clock }: ObjContext
): number {
  return log.holders(place, clock.now()).find(({ holder }) => holder === peer)?.pieces.length ?? 0
}

async function openSessions(
  { node, clock, scores }: ObjContext,
  holders: readonly FoundHolder[],
  signal: AbortSignal
): Promise<Map<string, HolderSession>> {
  const sessions = new Map<string, HolderSession>()
  await Promise.all(
    holders.map(async holder => {
      try {
        const options = { signal, clock, timeoutMs: OPEN_TIMEOUT_MS }
        sessions.set(holder.peerId, await HolderSession.open(node, holder, options))
      } catch {
        scores.failed(holder.peerId, clock.monotonic())
      }
    })
  )
  return sessions
}

async function ask(
  manifest: SignedManifest,
  segment: number,
  sessions: readonly HolderSession[],
  signal: AbortSignal
): Promise<AskedHolder[]> {
  const answers = await Promise.all(
    sessions.map(async session => {
      const page = await session.holdings(manifest.id, segment, { signal }).catch(() => undefined)
      const [holdings] = page?.segments ?? []
      return holdings && { session, holdings }
    })
  )
  return answers.filter(answer => answer !== undefined)
}

/** So many different numbers below `count`, in order. */
function someOf(count: number, wanted: number, random: ObjContext['random']): number[] {
  const chosen = new Set<number>()
  while (chosen.size < Math.min(count, wanted)) chosen.add(new DataView(random(4).slice().buffer).getUint32(0) % count)
  return [...chosen].sort((a, b) => a - b)
}
