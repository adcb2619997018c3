import { CraftecError } from '../../errors/index.ts'
import { peerIdFromPublicKey } from '../../identity/index.ts'
import {
  AUDIT_DEADLINE_MS,
  type AuditTarget,
  type Challenge,
  type CheckedAnswer,
  crossCheck,
  encodeChallenge,
  judgeAnswer,
  proveFalseRecoding,
  signStorageReceipt
} from '../audit/index.ts'
import { planAudits, samplesFor } from '../health/index.ts'
import type { SignedManifest } from '../manifest/index.ts'
import { pieceId } from '../piece/index.ts'
import type { HolderSession, SegmentHoldings } from '../transfer/index.ts'
import type { AuditLog } from './audit-log.ts'
import type { KeeperContext, KeeperEvents } from './keeper-context.ts'

/** A holder that can be asked, and what it says it has of the segment. */
export interface AskedHolder {
  readonly session: HolderSession
  readonly holdings: SegmentHoldings
}

export type AuditContext = Pick<KeeperContext, 'clock' | 'random' | 'scores' | 'coding' | 'nodeIdentity'>

export interface SegmentAudit {
  readonly manifest: SignedManifest
  readonly segment: number
  readonly holders: readonly AskedHolder[]
  /** What they prove goes here. */
  readonly log: AuditLog
  readonly signal: AbortSignal
}

/** Between two challenges to one holder: fifty requests a second are all that it answers (craftobj.md §7). */
const SPACING_MS = 20

/**
 * Challenge holders of one segment for what they claim, all with one nonce, so that what they show can be checked against each other.
 * Never rejects but for the signal: a holder that cannot be asked has proven nothing.
 * @param events told of each result; receipts are signed only if somebody wants them
 */
export async function auditSegment(context: AuditContext, audit: SegmentAudit, events: KeeperEvents): Promise<void> {
  const { clock, random } = context
  const { manifest, segment, holders, log } = audit
  const place = { manifestId: manifest.id, segment }
  const known = new Map(log.holders(place, clock.now()).map(({ holder, passedAtMs }) => [holder, passedAtMs]))
  const planned = planAudits(
    holders.map(({ session, holdings }) => ({
      holder: session.peer as string,
      pieces: targetsOf(holdings),
      passedAtMs: known.get(session.peer) ?? 0
    })),
    random
  )
  const challenge = { manifestId: manifest.id, segment, nonce: random(32), samples: samplesFor(planned.length) }
  const shown: CheckedAnswer[] = []
  await Promise.all(
    holders.map(async ({ session }) => {
      const targets = planned.filter(({ holder }) => holder === session.peer).map(({ piece }) => piece)
      shown.push(...(await auditHolder(context, audit, session, targets, challenge, events)))
    })
  )
  convict(context, audit, challenge, shown, events)
}

/** @returns what it showed, each piece once; nothing if it failed once */
async function auditHolder(
  context: AuditContext,
  { manifest, segment, log, signal }: SegmentAudit,
  session: HolderSession,
  targets: readonly AuditTarget[],
  common: Omit<Challenge, 'target'>,
  events: KeeperEvents
): Promise<CheckedAnswer[]> {
  const { clock, scores, nodeIdentity } = context
  const place = { manifestId: manifest.id, segment }
  const shown = new Map<string, CheckedAnswer & { readonly id: Uint8Array; readonly proofHash: Uint8Array }>()
  for (const [turn, target] of targets.entries()) {
    if (turn > 0) await new Promise<void>(resolve => void clock.after(SPACING_MS, resolve))
    const outcome = await auditPiece(context, manifest, session, { ...common, target }, signal)
    if (signal.aborted) return []
    if (outcome.outcome === 'failed') {
      // a link that broke says nothing about what was proven before
      if (outcome.why !== 'link-lost') log.failed(place, session.peer)
      scores.failed(session.peer, clock.monotonic())
      events.onFault?.(session.peer, outcome.why)
      return []
    }
    const { answer, piece, proofHash } = outcome
    // The same piece under two numbers is one piece.
    shown.set(String(piece.id), { answer, recoder: piece.recoder, id: piece.id, proofHash })
  }
  for (const { id, answer } of shown.values())
    log.passed(place, session.peer, { id, coefficients: answer.header.coefficients }, clock.now())
  log.shownAll(
    place,
    session.peer,
    Array.from(shown.values(), ({ id }) => id)
  )
  const [proven] = shown.values()
  // One for the segment, not one a piece: receipts of one second count as one anyhow.
  if (proven && events.onReceipt)
    events.onReceipt(
      await signStorageReceipt(
        {
          contentId: manifest.contentId,
          storageNode: session.key,
          shardIndex: segment,
          timestamp: Math.floor(clock.now() / 1000),
          nonce: common.nonce,
          proofHash: proven.proofHash
        },
        nodeIdentity
      )
    )
  return [...shown.values()]
}

/** Whoever signed a piece that is none is named, and the piece counts for nobody. */
function convict(
  { coding, scores, clock }: AuditContext,
  { manifest, segment, log }: SegmentAudit,
  challenge: Omit<Challenge, 'target'>,
  shown: readonly CheckedAnswer[],
  events: KeeperEvents
): void {
  for (const [index, verdict] of crossCheck(coding, shown).entries()) {
    const { answer, recoder } = shown[index] ?? {}
    if (verdict !== 'lie' || answer === undefined || recoder === undefined) continue
    const { coefficients, root } = answer.header
    const segmentHash = manifest.segments[segment]?.hash ?? new Uint8Array(0)
    log.disbelieve({ manifestId: manifest.id, segment }, pieceId(segmentHash, coefficients, root))
    const liar = peerIdFromPublicKey(recoder)
    scores.ban(liar, clock.monotonic())
    events.onFault?.(liar, 'false-recoding', proveFalseRecoding(manifest, challenge, answer, shown))
  }
}

type PieceAudit =
  | Extract<ReturnType<typeof judgeAnswer>, { outcome: 'passed' }>
  | {
      readonly outcome: 'failed'
      readonly why: 'no-answer' | 'link-lost' | Extract<ReturnType<typeof judgeAnswer>, { outcome: 'failed' }>['why']
    }

async function auditPiece(
  { clock }: AuditContext,
  manifest: SignedManifest,
  session: HolderSession,
  challenge: Challenge,
  signal: AbortSignal
): Promise<PieceAudit> {
  const began = clock.monotonic()
  try {
    const answer = await session.challenge(encodeChallenge(challenge), { signal, timeoutMs: AUDIT_DEADLINE_MS })
    if (answer === undefined) return { outcome: 'failed', why: 'no-answer' }
    return judgeAnswer(manifest, challenge, answer, clock.monotonic() - began)
  } catch (error) {
    return { outcome: 'failed', why: CraftecError.from(error).code === 'timeout' ? 'late' : 'link-lost' }
  }
}

function targetsOf({ committed, recoded }: SegmentHoldings): AuditTarget[] {
  return [
    ...Array.from(committed, index => ({ kind: 'committed' as const, index })),
    ...Array.from({ length: recoded }, (_, number) => ({ kind: 'recoded' as const, number }))
  ]
}
