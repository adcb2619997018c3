import { expect, it } from 'vitest'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { hashing, publishContent, recodedPiece } from '../../../test/kit/published-content.ts'
import { systemRandom } from '../../async/index.ts'
import { createIdentity } from '../../identity/index.ts'
import { verifyPiece } from '../integrity/index.ts'
import { createMemoryPieceStore } from '../store/index.ts'
import { type AuditTarget, type Challenge, createProver, encodeChallenge, judgeAnswer } from './index.ts'

const content = await publishContent()
const { manifest } = content
const committed = content.segments[0]?.pieces ?? []
const recoded = await Promise.all([0, 1].map(() => recodedPiece(content, 0, committed, createIdentity())))
const held = [...committed.slice(2, 5), ...recoded]
const clock = new ManualClock()
const store = createMemoryPieceStore({ clock })
await store.addContent({
  manifestId: manifest.id,
  contentId: manifest.contentId,
  manifest: manifest.bytes,
  pieceBytes: manifest.pieceBytes,
  segments: manifest.segments.length,
  size: manifest.size,
  origin: 'own'
})
const ids = held.map(piece => verifyPiece(hashing, manifest, 0, piece, piece.data).id)
await store.putPieces(
  manifest.id,
  0,
  held.map(({ data, ...header }, index) => ({ record: { ...header, id: ids[index] ?? new Uint8Array(0) }, data }))
)
const prove = createProver(store, hashing)
const challenge = (target: AuditTarget, segment = 0): Challenge => ({
  manifestId: manifest.id,
  segment,
  target,
  nonce: systemRandom(32),
  samples: 4
})

it('a prover answers for what the store has, however it is asked for', async () => {
  const targets: readonly (readonly [AuditTarget, number])[] = [
    [{ kind: 'piece', id: ids[1] ?? new Uint8Array(0) }, 1],
    [{ kind: 'committed', index: 4 }, 2],
    [{ kind: 'recoded', number: 0 }, 3],
    [{ kind: 'recoded', number: 1 }, 4]
  ]
  for (const [target, place] of targets) {
    const asked = challenge(target)
    const answer = await prove(encodeChallenge(asked))
    const verdict = judgeAnswer(manifest, asked, answer ?? new Uint8Array(0), 0)
    expect(verdict).toMatchObject({ outcome: 'passed', piece: { id: ids[place] } })
    const other = challenge({ kind: 'committed', index: 7 })
    expect(judgeAnswer(manifest, { ...other, nonce: asked.nonce }, answer ?? new Uint8Array(0), 0)).toEqual({
      outcome: 'failed',
      why: 'other-piece'
    })
  }
})

it('a prover that is asked every hour leaves its content as idle as it was: an audit is no use of it', async () => {
  const before = await store.content(manifest.id)
  for (let hour = 0; hour < 24; hour++) {
    clock.advance(3_600_000)
    expect(await prove(encodeChallenge(challenge({ kind: 'committed', index: 4 })))).toBeDefined()
  }
  expect((await store.content(manifest.id))?.usedAt).toBe(before?.usedAt)
})

it('a prover has no answer for what is not there, nor for what is no challenge', async () => {
  for (const target of [
    { kind: 'piece', id: new Uint8Array(32) },
    { kind: 'committed', index: 0 },
    { kind: 'recoded', number: 2 }
  ] as const)
    expect(await prove(encodeChallenge(challenge(target)))).toBeUndefined()
  expect(await prove(encodeChallenge(challenge({ kind: 'committed', index: 4 }, 99)))).toBeUndefined()
  expect(await prove(new Uint8Array(100))).toBeUndefined()
})

it('a prover that everyone asks at once answers 64, and the others not at all', async () => {
  const bytes = encodeChallenge(challenge({ kind: 'committed', index: 4 }))
  const answers = await Promise.all(Array.from({ length: 100 }, () => prove(bytes)))
  expect(answers.filter(answer => answer !== undefined).length).toBe(64)
  expect(await prove(bytes)).toBeDefined()
})
