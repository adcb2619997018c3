import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  coding,
  hashing,
  type PublishedPiece,
  publishContent,
  recodedPiece
} from '../../../test/kit/published-content.ts'
import { hostileBytes } from '../../../test/vectors/hostile-bytes.ts'
import { systemRandom } from '../../async/index.ts'
import { createIdentity } from '../../identity/index.ts'
import { decodeEvidence, judgeEvidence } from '../integrity/index.ts'
import { encodeProvenance, pieceId, signRecoded } from '../piece/index.ts'
import {
  AUDIT_DEADLINE_MS,
  type AuditVerdict,
  answerChallenge,
  type Challenge,
  type CheckedAnswer,
  crossCheck,
  decodeChallenge,
  encodeChallenge,
  judgeAnswer,
  proveFalseRecoding,
  sampledLeaves
} from './index.ts'

const PIECE_BYTES = 20 * 1024 + 100
const content = await publishContent({ size: 8 * PIECE_BYTES, pieceBytes: PIECE_BYTES })
const { manifest } = content
const committed = content.segments[0]?.pieces ?? []
const segmentHash = manifest.segments[0]?.hash ?? new Uint8Array(0)
const identity = createIdentity()
const recoded = await recodedPiece(content, 0, committed, identity)

const idOf = (piece: PublishedPiece): Uint8Array => pieceId(segmentHash, piece.coefficients, piece.root)
const challengeFor = (piece: PublishedPiece, nonce = systemRandom(32), samples = 16): Challenge => ({
  manifestId: manifest.id,
  segment: 0,
  target: { kind: 'piece', id: idOf(piece) },
  nonce,
  samples
})
const answerOf = (challenge: Challenge, piece: PublishedPiece, data = piece.data): Uint8Array =>
  answerChallenge(hashing, challenge, piece, data)
const judge = (challenge: Challenge, answer: Uint8Array, elapsedMs = 5): AuditVerdict =>
  judgeAnswer(manifest, challenge, answer, elapsedMs)

describe('an audit', () => {
  it('passes whoever has the piece, committed or recoded', () => {
    for (const piece of [...committed, recoded]) {
      const challenge = challengeFor(piece)
      const verdict = judge(decodeChallenge(encodeChallenge(challenge)), answerOf(challenge, piece))
      expect(verdict).toMatchObject({ outcome: 'passed', piece: { id: idOf(piece) } })
    }
  })

  it.each<[string, string, (challenge: Challenge, piece: PublishedPiece) => Uint8Array]>([
    [
      'an answer to another nonce',
      'wrong-leaves',
      (challenge, piece) => answerOf({ ...challenge, nonce: systemRandom(32) }, piece)
    ],
    [
      'another piece',
      'other-piece',
      (challenge, piece) => answerOf(challenge, committed.find(other => other !== piece) ?? piece)
    ],
    ['data it never had', 'wrong-leaves', (challenge, piece) => answerOf(challenge, piece, systemRandom(PIECE_BYTES))],
    ['a root of its own', 'unproven', (challenge, piece) => answerOf(challenge, { ...piece, root: systemRandom(32) })],
    ['nothing', 'malformed', () => new Uint8Array(0)],
    ['too few leaves', 'malformed', (challenge, piece) => answerOf({ ...challenge, samples: 15 }, piece)],
    ['too many leaves', 'malformed', (challenge, piece) => answerOf({ ...challenge, samples: 17 }, piece)]
  ])('fails whoever sends %s', (_, why, answer) => {
    const [piece = recoded] = committed
    const challenge = challengeFor(piece)
    expect(judge(challenge, answer(challenge, piece))).toEqual({ outcome: 'failed', why })
  })

  it('fails whoever is late, and nobody who is in time', () => {
    const challenge = challengeFor(recoded)
    const answer = answerOf(challenge, recoded)
    expect(judge(challenge, answer, AUDIT_DEADLINE_MS)).toMatchObject({ outcome: 'passed' })
    expect(judge(challenge, answer, AUDIT_DEADLINE_MS + 1)).toEqual({ outcome: 'failed', why: 'late' })
  })

  it('finds a holder that lost a tenth of the leaves about as often as was promised', () => {
    const lost = recoded.data.map((byte, at) => (at < 2 * 1024 ? byte ^ 1 : byte))
    let caught = 0
    for (let round = 0; round < 100; round++) {
      const challenge = challengeFor(recoded, systemRandom(32))
      if (judge(challenge, answerOf(challenge, recoded, lost)).outcome === 'failed') caught++
    }
    // 1 - (19/21)^16 = 80 %: 80 of 100 expected, 20 below that is five standard deviations
    expect(caught).toBeGreaterThan(60)
  })

  it('asks for leaves that follow from nonce and place alone, evenly', () => {
    const counts = new Array<number>(21).fill(0)
    for (let round = 0; round < 500; round++)
      for (const leaf of sampledLeaves({ ...challengeFor(recoded), samples: 32 }, PIECE_BYTES))
        counts[leaf] = (counts[leaf] ?? 0) + 1
    for (const count of counts) expect(Math.abs(count - 16_000 / 21)).toBeLessThan(160)
    const nonce = systemRandom(32)
    expect(sampledLeaves(challengeFor(recoded, nonce), PIECE_BYTES)).toEqual(
      sampledLeaves(challengeFor(committed[0] ?? recoded, nonce), PIECE_BYTES)
    )
  })

  it('survives whatever is sent as an answer or a challenge', () => {
    const challenge = challengeFor(recoded)
    const answer = answerOf(challenge, recoded)
    fc.assert(
      fc.property(fc.nat({ max: answer.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = answer.slice()
        changed[at] = (changed[at] ?? 0) ^ change
        expect(judge(challenge, changed).outcome).toBe('failed')
      }),
      { numRuns: 200 }
    )
    const garbage = hostileBytes('audit answers')
    for (let length = 0; length < 400; length++) {
      const bytes = garbage(length)
      if (length > 0) bytes[0] = 8
      expect(judge(challenge, bytes).outcome).toBe('failed')
      expect(() => decodeChallenge(bytes)).toThrow(expect.objectContaining({ code: 'malformed' }))
    }
    for (const samples of [0, 33])
      expect(() => encodeChallenge({ ...challenge, samples })).toThrow(
        expect.objectContaining({ code: 'invalid-argument' })
      )
  })
})

describe('a cross-check', () => {
  const nonce = systemRandom(32)
  async function answers(pieces: readonly PublishedPiece[]): Promise<CheckedAnswer[]> {
    return pieces.map(piece => {
      const challenge = challengeFor(piece, nonce)
      const verdict = judge(challenge, answerOf(challenge, piece))
      if (verdict.outcome === 'failed') throw new Error(`an audit failed: ${verdict.why}`)
      return { answer: verdict.answer, recoder: verdict.piece.recoder }
    })
  }

  /** Random data that somebody signed as a recoded piece: its holder passes any audit. */
  async function invented(coefficients = recoded.coefficients): Promise<PublishedPiece> {
    const data = systemRandom(PIECE_BYTES)
    const claim = { manifestId: manifest.id, segment: 0, coefficients, root: hashing.pieceRoot(data) }
    const signature = await signRecoded(identity, claim)
    const provenance = encodeProvenance({ kind: 'recoded', recoder: identity.publicKey, signature })
    return { coefficients, root: claim.root, data, provenance }
  }
  const proof = (shown: readonly CheckedAnswer[], accused = shown.at(-1)): Uint8Array | undefined =>
    accused && proveFalseRecoding(manifest, challengeFor(recoded, nonce), accused.answer, shown)

  it('shows who signed what it made up: such a holder passes any audit of its own', async () => {
    const shown = await answers([...committed.slice(0, 8), recoded, await invented()])
    expect(crossCheck(coding, shown)).toEqual([...new Array(9).fill('consistent'), 'lie'])
  })

  it('gives evidence that convinces whoever has the manifest', async () => {
    const evidence = proof(await answers([...committed, recoded, await invented()]))
    expect(judgeEvidence(manifest, decodeEvidence(evidence ?? new Uint8Array(0)))).toMatchObject({
      liar: 'recoder',
      key: identity.publicKey,
      segment: 0
    })
  })

  it('needs only the source pieces that the lie is about, and has no evidence without one of them', async () => {
    const coefficients = Uint8Array.of(0, 3, 0, 0, 7, 0, 0, 0)
    const [second, fifth] = [committed.slice(1, 2), committed.slice(4, 5)]
    const lie = await invented(coefficients)
    expect(proof(await answers([...fifth, ...second, lie]))).toBeDefined()
    expect(proof(await answers([...second, ...committed.slice(5), lie]))).toBeUndefined()
  })

  it('has no evidence against the honest', async () => {
    expect(proof(await answers([...committed, recoded]))).toBeUndefined()
    const other = await publishContent({ size: 8 * PIECE_BYTES, pieceBytes: PIECE_BYTES, seed: 'other' })
    const shown = await answers([...committed, await invented()])
    const [accused] = shown.slice(-1)
    const challenge = challengeFor(recoded, nonce)
    expect(accused && proveFalseRecoding(other.manifest, challenge, accused.answer, shown)).toBeUndefined()
  })

  it('says nothing of recoded pieces while committed ones are too few', async () => {
    const shown = await answers([...committed.slice(0, 7), recoded])
    expect(crossCheck(coding, shown)).toEqual([...new Array(7).fill('consistent'), 'unknown'])
    expect(crossCheck(coding, [])).toEqual([])
  })
})
