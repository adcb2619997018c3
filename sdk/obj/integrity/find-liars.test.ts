import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  coding,
  hashing,
  type PublishedContent,
  type PublishedPiece,
  publishContent,
  recodedPiece
} from '../../../test/kit/published-content.ts'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import { createIdentity, type Identity } from '../../identity/index.ts'
import { decodeSegment } from '../coding/index.ts'
import { hashSegment } from '../manifest/index.ts'
import { decodeProvenance } from '../piece/index.ts'
import { type Blame, findLiars, type HeldPiece, MAX_DECODES } from './index.ts'

const K = 8
const content = await publishContent({ size: 2048 * K })
const recoders = Array.from({ length: 15 }, (_, index) => createIdentity(seededRandom(`recoder ${index}`)))

function held(piece: PublishedPiece): HeldPiece {
  const provenance = decodeProvenance(piece.provenance)
  return {
    coefficients: piece.coefficients,
    data: piece.data,
    recoder: provenance.kind === 'recoded' ? provenance.recoder : undefined
  }
}

function blame(
  { manifest }: PublishedContent,
  pieces: readonly HeldPiece[],
  extra: { suspicion?: (recoder: Uint8Array) => number } = {}
): Promise<Blame & { decodes: number }> {
  let decodes = 0
  const shape = { k: K, pieceBytes: manifest.pieceBytes, sizeBytes: manifest.size }
  return findLiars(
    { manifest, segment: 0, pieces, ...extra },
    {
      engine: coding,
      decode: chosen => {
        decodes++
        return decodeSegment(coding, { ...shape, pieces: chosen })
      },
      hash: bytes => hashSegment(hashing, bytes, manifest.pieceBytes),
      random: seededRandom('blame')
    }
  ).then(result => ({ ...result, decodes }))
}

const committed = content.segments[0]?.pieces ?? []
/** The same pieces in each run, whatever ran before. */
const replayed = (recoder: Identity): PublishedContent => ({ ...content, random: seededRandom(recoder.did) })
const honest = (recoder: Identity): Promise<PublishedPiece> => recodedPiece(replayed(recoder), 0, committed, recoder)
const lie = (recoder: Identity, at = 7): Promise<PublishedPiece> =>
  recodedPiece(replayed(recoder), 0, committed, recoder, data => {
    data[at] = (data[at] ?? 0) ^ 0x80
  })

describe('blame', () => {
  it('names every signer of a lie, whoever else is there, and gives back the segment', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: K - 1 }),
        fc.array(fc.nat({ max: 2047 }), { minLength: 1, maxLength: 2 }),
        fc.integer({ min: 0, max: 4 }),
        async (ofPublisher, lies, spare) => {
          const liars = await Promise.all(lies.map((at, index) => lie(recoders[index] as Identity, at)))
          const honestPieces = await Promise.all(
            Array.from({ length: K - ofPublisher + spare }, (_, index) => honest(recoders[2 + index] as Identity))
          )
          const pieces = [...liars, ...committed.slice(0, ofPublisher), ...honestPieces].map(held)
          const result = await blame(content, pieces)
          expect(result).toMatchObject({ outcome: 'decoded', liars: liars.map((_, index) => index) })
          expect(result.outcome === 'decoded' && Buffer.compare(result.bytes, content.bytes)).toBe(0)
          expect(result.decodes).toBeLessThanOrEqual(MAX_DECODES)
        }
      ),
      { numRuns: 25 }
    )
  })

  it('finds as many liars at once as there are pieces to spare, less one', async () => {
    for (const [liars, honestOnes] of [
      [1, K + 1],
      [3, K + 1],
      [5, K + 1],
      [6, K + 1]
    ] as const) {
      const lies = await Promise.all(recoders.slice(0, liars).map((recoder, index) => lie(recoder, index * 300)))
      const truths = await Promise.all(recoders.slice(liars, liars + honestOnes).map(honest))
      const result = await blame(content, [...lies, ...truths].map(held))
      expect(result).toMatchObject({ outcome: 'decoded', liars: lies.map((_, index) => index), decodes: 1 })
    }
  })

  it('finds two who agreed on what to lie', async () => {
    const same = await Promise.all(recoders.slice(0, 2).map(recoder => lie(recoder)))
    const truths = await Promise.all(recoders.slice(2, 2 + K + 1).map(honest))
    expect(await blame(content, [...same, ...truths].map(held))).toMatchObject({
      outcome: 'decoded',
      liars: [0, 1],
      decodes: 1
    })
  })

  it('needs one decode when the publisher’s own pieces are enough, however many lie', async () => {
    const liars = await Promise.all(recoders.map(recoder => lie(recoder)))
    const result = await blame(content, [...liars, ...committed.slice(0, K)].map(held))
    expect(result).toMatchObject({ outcome: 'decoded', liars: liars.map((_, index) => index), decodes: 1 })
  })

  it('finds a liar among many at the cost of one decode: the rest is asked of sketches', async () => {
    const pieces = [...(await Promise.all(recoders.slice(1, 12).map(honest))), await lie(recoders[0] as Identity)]
    expect(await blame(content, pieces.map(held))).toMatchObject({ outcome: 'decoded', liars: [11], decodes: 1 })
  })

  it('doubts first whom the caller doubts', async () => {
    const suspect = recoders[5] as Identity
    const pieces = await Promise.all(
      recoders.slice(0, K + 1).map(recoder => (recoder === suspect ? lie(recoder) : honest(recoder)))
    )
    // Nothing to spare: each choice must be decoded, so that the order shows.
    const known = await blame(content, pieces.map(held), {
      suspicion: key => (Buffer.compare(key, suspect.publicKey) === 0 ? 1 : 0)
    })
    expect(known).toMatchObject({ outcome: 'decoded', liars: [5], decodes: 1 })
    const unknown = await blame(content, pieces.map(held))
    expect(unknown).toMatchObject({ outcome: 'decoded', liars: [5] })
    expect(unknown.decodes).toBeGreaterThan(1)
  })

  it('blames the publisher whose pieces span the segment and do not have its hash', async () => {
    const lying = await publishContent({
      size: 2048 * K,
      tamper: pieces => {
        pieces[0] = (pieces[0] ?? 0) ^ 1
      }
    })
    const pieces = lying.segments[0]?.pieces ?? []
    expect(await blame(lying, pieces.map(held))).toEqual({ outcome: 'publisher-lied', decodes: 1 })
  })

  it('gives up within its bounds when too many lie, and when there is too little', async () => {
    const few = await Promise.all([
      ...recoders.slice(0, 3).map(recoder => lie(recoder)),
      honest(recoders[3] as Identity)
    ])
    expect(await blame(content, few.map(held))).toEqual({ outcome: 'undecided', decodes: 0 })
    const liars = await Promise.all(recoders.map((recoder, index) => lie(recoder, index)))
    const result = await blame(content, liars.map(held))
    expect(result.outcome).toBe('undecided')
    expect(result.decodes).toBeLessThanOrEqual(MAX_DECODES)
  })

  it('stops when the caller says so', async () => {
    const pieces = await Promise.all(recoders.slice(0, K + 1).map(honest))
    const signal = AbortSignal.abort()
    await expect(
      findLiars(
        { manifest: content.manifest, segment: 0, pieces: pieces.map(held) },
        {
          engine: coding,
          decode: async () => new Uint8Array(0),
          hash: async () => new Uint8Array(32),
          random: seededRandom('x'),
          signal
        }
      )
    ).rejects.toMatchObject({ code: 'aborted' })
  })
})
