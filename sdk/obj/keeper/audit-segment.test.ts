import { describe, expect, it } from 'vitest'
import { coding, hashing, type PublishedPiece, publishContent } from '../../../test/kit/published-content.ts'
import { systemClock, systemRandom } from '../../async/index.ts'
import { identityFromSeed } from '../../identity/index.ts'
import { answerChallenge, decodeChallenge } from '../audit/index.ts'
import { decodeEvidence, judgeEvidence } from '../integrity/index.ts'
import { decodeProvenance, encodeProvenance, signRecoded } from '../piece/index.ts'
import { type HolderSession, IndexSet, PeerScores } from '../transfer/index.ts'
import { AuditLog } from './audit-log.ts'
import { type AskedHolder, auditSegment } from './audit-segment.ts'

const K = 8
const content = await publishContent({ size: 16_384 })
const { manifest } = content
const committed = content.segments[0]?.pieces ?? []
const identity = (seed: number) => identityFromSeed(new Uint8Array(32).fill(seed))
const [scanner, honest, liar] = [identity(1), identity(2), identity(3)]

/** A holder that shows what it has, faithfully. */
function holderOf({ peerId, publicKey }: typeof honest, pieces: readonly PublishedPiece[]): AskedHolder {
  const known = pieces.map(piece => ({ piece, provenance: decodeProvenance(piece.provenance) }))
  const places = known.flatMap(({ provenance }) => (provenance.kind === 'committed' ? [provenance.index] : []))
  const challenge: HolderSession['challenge'] = async bytes => {
    const asked = decodeChallenge(bytes)
    const { target } = asked
    const found = known.find(({ provenance }) =>
      target.kind === 'committed'
        ? provenance.kind === 'committed' && provenance.index === target.index
        : provenance.kind === 'recoded'
    )
    return found && answerChallenge(hashing, asked, found.piece, found.piece.data)
  }
  return {
    session: { peer: peerId, key: publicKey, challenge } as HolderSession,
    holdings: { committed: IndexSet.of(...places), recoded: pieces.length - places.length }
  }
}

/** Noise that the liar signed as a combination of the segment. */
async function invented(): Promise<PublishedPiece> {
  const data = systemRandom(manifest.pieceBytes)
  const claim = {
    manifestId: manifest.id,
    segment: 0,
    coefficients: new Uint8Array(K).fill(7),
    root: hashing.pieceRoot(data)
  }
  const provenance = { kind: 'recoded', recoder: liar.publicKey, signature: await signRecoded(liar, claim) } as const
  const { coefficients, root } = claim
  return { coefficients, root, provenance: encodeProvenance(provenance), data }
}

async function audit(holders: readonly AskedHolder[]) {
  const faults: { readonly peer: string; readonly why: string; readonly evidence: Uint8Array | undefined }[] = []
  const log = new AuditLog()
  const scores = new PeerScores()
  await auditSegment(
    { clock: systemClock, random: systemRandom, scores, coding, nodeIdentity: scanner },
    { manifest, segment: 0, holders, log, signal: new AbortController().signal },
    { onFault: (peer, why, evidence) => faults.push({ peer, why, evidence }) }
  )
  const counted = log.holders({ manifestId: manifest.id, segment: 0 }, systemClock.now()).map(({ holder }) => holder)
  return { faults, counted, isBanned: scores.isBanned(liar.peerId, systemClock.monotonic()) }
}

describe('an audit of a segment whose holders all answer', () => {
  it('names whoever signed noise, with evidence for others, and counts it for nobody', async () => {
    const { faults, counted, isBanned } = await audit([
      holderOf(honest, committed.slice(0, K)),
      holderOf(liar, [await invented()])
    ])
    expect(faults).toMatchObject([{ peer: liar.peerId, why: 'false-recoding' }])
    const evidence = decodeEvidence(faults[0]?.evidence ?? new Uint8Array(0))
    expect(judgeEvidence(manifest, evidence)).toMatchObject({ liar: 'recoder', key: liar.publicKey })
    expect(counted).toEqual([honest.peerId])
    expect(isBanned).toBe(true)
  })

  it('names it without evidence where parity stands in for a source piece', async () => {
    const { faults, isBanned } = await audit([
      holderOf(honest, committed.slice(1, K + 1)),
      holderOf(liar, [await invented()])
    ])
    expect(faults).toEqual([{ peer: liar.peerId, why: 'false-recoding', evidence: undefined }])
    expect(isBanned).toBe(true)
  })
})
