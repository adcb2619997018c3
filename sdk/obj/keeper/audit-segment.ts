import { CraftecError } from '../../errors/index.ts'
import { peerIdFromPublicKey } from '../../identity/index.ts'
import {
  AUDIT_DEADLINE_MS,
  type AuditTarget,
  type CheckedAnswer,
  crossCheck,
  DEFAULT_SAMPLES,
  encodeChallenge,
  judgeAnswer,
  signStorageReceipt
} from '../audit/index.ts'
import { planAudits } from '../health/index.ts'
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

/**
 * Challenge holders of one segment, each for some of what it claims, all with one nonce, so that what they show can be checked against each
 * other. What they prove goes to the log. Never rejects but for the signal: a holder that cannot be asked has proven nothing.
 */
export async function auditSegment(
  context: KeeperContext,
  manifest: SignedManifest,
  segment: number,
  holders: readonly AskedHolder[],
  log: AuditLog,
  events: KeeperEvents,
  signal: AbortSignal
): Promise<void> {
  const { clock, random, scores, coding } = context
  const place = { manifestId: manifest.id, segment }
  const nonce = random(32)
  const bySession = new Map(holders.map(holder => [holder.session.peer as string, holder.session]))
  const known = new Map(log.holders(place, clock.now()).map(({ holder, passedAtMs }) => [holder, passedAtMs]))
  const planned = planAudits(
    holders.map(({ session, holdings }) => ({
      holder: session.peer as string,
      pieces: targetsOf(holdings),
      passedAtMs: known.get(session.peer) ?? 0
    })),
    random
  )
  const shown: CheckedAnswer[] = []
  await Promise.all(
    [...bySession].map(async ([holder, session]) => {
      const seen = new Set<string>()
      for (const { piece: target } of planned.filter(audit => audit.holder === holder)) {
        const outcome = await auditPiece(context, manifest, segment, session, target, nonce, signal)
        if (signal.aborted) return
        if (outcome.outcome === 'failed') {
          log.failed(place, holder)
          scores.failed(holder, clock.monotonic())
          events.onFault?.(session.peer, outcome.why)
          return
        }
        // The same piece under two numbers is one piece.
        if (seen.has(String(outcome.piece.id))) continue
        seen.add(String(outcome.piece.id))
        const { coefficients } = outcome.answer.header
        log.passed(place, holder, { id: outcome.piece.id, coefficients }, clock.now())
        shown.push({ answer: outcome.answer, recoder: outcome.piece.recoder })
        events.onReceipt?.(
          await signStorageReceipt(
            {
              contentId: manifest.contentId,
              storageNode: session.key,
              shardIndex: segment,
              timestamp: Math.floor(clock.now() / 1000),
              nonce,
              proofHash: outcome.proofHash
            },
            context.nodeIdentity
          )
        )
      }
    })
  )
  for (const [index, verdict] of crossCheck(coding, shown).entries()) {
    const { answer, recoder } = shown[index] ?? {}
    if (verdict !== 'lie' || answer === undefined || recoder === undefined) continue
    const segmentHash = manifest.segments[segment]?.hash ?? new Uint8Array(0)
    log.disbelieve(place, pieceId(segmentHash, answer.header.coefficients, answer.header.root))
    const liar = peerIdFromPublicKey(recoder)
    scores.ban(liar, clock.monotonic())
    events.onFault?.(liar, 'false-recoding')
  }
}

type PieceAudit =
  | Extract<ReturnType<typeof judgeAnswer>, { outcome: 'passed' }>
  | {
      readonly outcome: 'failed'
      readonly why: 'no-answer' | Extract<ReturnType<typeof judgeAnswer>, { outcome: 'failed' }>['why']
    }

async function auditPiece(
  { clock }: KeeperContext,
  manifest: SignedManifest,
  segment: number,
  session: HolderSession,
  target: AuditTarget,
  nonce: Uint8Array,
  signal: AbortSignal
): Promise<PieceAudit> {
  const challenge = { manifestId: manifest.id, segment, target, nonce, samples: DEFAULT_SAMPLES }
  const began = clock.monotonic()
  try {
    const answer = await session.challenge(encodeChallenge(challenge), { signal, timeoutMs: AUDIT_DEADLINE_MS })
    if (answer === undefined) return { outcome: 'failed', why: 'no-answer' }
    return judgeAnswer(manifest, challenge, answer, clock.monotonic() - began)
  } catch (error) {
    return { outcome: 'failed', why: CraftecError.from(error).code === 'timeout' ? 'late' : 'no-answer' }
  }
}

function targetsOf({ committed, recoded }: SegmentHoldings): AuditTarget[] {
  return [
    ...Array.from(committed, index => ({ kind: 'committed' as const, index })),
    ...Array.from({ length: recoded }, (_, number) => ({ kind: 'recoded' as const, number }))
  ]
}
