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
import { hostileBytes } from '../../../test/vectors/hostile-bytes.ts'
import { CraftecError } from '../../errors/index.ts'
import { createIdentity } from '../../identity/index.ts'
import { encodeProvenance, signRecoded } from '../piece/index.ts'
import {
  committedPaths,
  decodeEvidence,
  type Evidence,
  encodeEvidence,
  gatherEvidence,
  judgeEvidence
} from './index.ts'
import { createPieceTruth } from './piece-truth.ts'

const identity = createIdentity()
const content = await publishContent()
const other = await publishContent({ seed: 'other content' })

const flip =
  (at: number) =>
  (data: Uint8Array): void => {
    data[at] = (data[at] ?? 0) ^ 1
  }
const pieces = (of: PublishedContent, segment: number): readonly PublishedPiece[] => of.segments[segment]?.pieces ?? []
function gather(of: PublishedContent, segment: number, accused: PublishedPiece): Evidence | undefined {
  const { table, bytes } = of.segments[segment] ?? {}
  return table && bytes && gatherEvidence(hashing, of.manifest, segment, table, accused, bytes)
}
async function lieEvidence(segment: number, at: number): Promise<Evidence> {
  const inputs = pieces(content, segment)
  const evidence = gather(content, segment, await recodedPiece(content, segment, inputs, identity, flip(at)))
  if (!evidence) throw new Error('a lie leaves evidence')
  return evidence
}

describe('evidence', () => {
  it('of a recoder’s lie convicts it before anyone who has the manifest', async () => {
    for (const [segment, at] of [
      [0, 0],
      [0, 1024],
      [1, 2047]
    ] as const) {
      const evidence = await lieEvidence(segment, at)
      expect(evidence.leafIndex).toBe(at >> 10)
      const verdict = judgeEvidence(content.manifest, decodeEvidence(encodeEvidence(evidence)))
      expect(verdict).toMatchObject({ liar: 'recoder', key: identity.publicKey, segment })
    }
  })

  it('of parity that is no combination of the source convicts the publisher', async () => {
    const lying = await publishContent({
      size: 2048 * 8,
      tamper: all => flip(all.length - 1)(all)
    })
    const evidence = gather(lying, 0, pieces(lying, 0).at(-1) as PublishedPiece)
    expect(evidence && judgeEvidence(lying.manifest, evidence)).toMatchObject({
      liar: 'publisher',
      key: lying.publisher.publicKey
    })
  })

  it('can be had by a reader who knows no table, from one path of each part of the tree', async () => {
    const [segment] = content.segments
    if (!segment) throw new Error('a segment')
    const { table, bytes } = segment
    const lie = await recodedPiece(content, 0, pieces(content, 0), identity, flip(9))
    const roots = Array.from({ length: table.k }, (_, index) => table.pieceRoot(index))
    const known = (...arrived: number[]): Evidence | undefined => {
      const headers = [...arrived.map(index => pieces(content, 0)[index] ?? lie), lie]
      return gatherEvidence(hashing, content.manifest, 0, committedPaths(table.count, roots, headers), lie, bytes)
    }
    const expected = gather(content, 0, lie)
    // k = 8 and 2 of parity: all sources are in one half, whose sibling any of their paths shows
    for (let index = 0; index < 8; index++) expect(known(index)).toEqual(expected)
    expect(known(8)).toEqual(expected)
    expect(known()).toBeUndefined()
    for (let index = 0; index < table.count; index++)
      expect(committedPaths(table.count, roots, pieces(content, 0)).path(index)).toEqual(table.path(index))
  })

  it('is not to be had against honest pieces, nor made from segments that are not the publisher’s', async () => {
    const honest = await recodedPiece(content, 0, pieces(content, 0), identity)
    expect(gather(content, 0, honest)).toBeUndefined()
    for (const piece of pieces(content, 0)) expect(gather(content, 0, piece)).toBeUndefined()
    const { table } = content.segments[0] ?? {}
    const bytes = other.segments[0]?.bytes
    expect(table && bytes && gatherEvidence(hashing, content.manifest, 0, table, honest, bytes)).toBeUndefined()
  })

  it('against an honest piece is void, however it is put together', async () => {
    const evidence = await lieEvidence(0, 5)
    const { coefficients } = evidence.accused
    const shape = { k: 8, pieceBytes: content.manifest.pieceBytes }
    const data = createPieceTruth(coding, shape, content.segments[0]?.bytes ?? new Uint8Array(0)).piece(coefficients)
    const root = hashing.pieceRoot(data)
    const claim = { manifestId: content.manifest.id, segment: 0, coefficients, root }
    const signature = await signRecoded(identity, claim)
    const provenance = encodeProvenance({ kind: 'recoded', recoder: identity.publicKey, signature })
    const leaf = { bytes: data.slice(0, 1024), path: hashing.leafHashes(data).slice(32, 64) }
    expect(() =>
      judgeEvidence(content.manifest, { ...evidence, accused: { coefficients, root, provenance }, leaf })
    ).toThrow('the piece is what it claims to be')
  })

  it('with anything changed convicts nobody else', async () => {
    const bytes = encodeEvidence(await lieEvidence(0, 5))
    let refused = 0
    for (let at = 0; at < bytes.length; at += 17) {
      const changed = bytes.slice()
      flip(at)(changed)
      expect(() => judgeEvidence(content.manifest, decodeEvidence(changed)), `byte ${at}`).toThrow(CraftecError)
      refused++
    }
    expect(refused).toBeGreaterThan(500)
    expect(() => judgeEvidence(other.manifest, decodeEvidence(bytes))).toThrow(
      expect.objectContaining({ code: 'malformed' })
    )
  })

  it('of hostile bytes is malformed, and nothing else', () => {
    const garbage = hostileBytes('evidence')
    for (let length = 0; length < 2_000; length++) {
      const input = garbage(length)
      if (length > 0) input[0] = 1
      if (length > 41) input[41] = (input[41] ?? 0) % 16
      expect(() => decodeEvidence(input)).toThrow(expect.objectContaining({ code: 'malformed' }))
    }
    expect(() => decodeEvidence(new Uint8Array(512 * 1024 + 1))).toThrow(
      expect.objectContaining({ code: 'limit-exceeded' })
    )
  })

  it('says the same after being written and read', async () => {
    const evidence = await lieEvidence(1, 100)
    expect(decodeEvidence(encodeEvidence(evidence))).toEqual(evidence)
    fc.assert(
      fc.property(fc.nat({ max: encodeEvidence(evidence).length - 1 }), length => {
        expect(() => decodeEvidence(encodeEvidence(evidence).subarray(0, length))).toThrow(
          expect.objectContaining({ code: 'malformed' })
        )
      })
    )
  })
})
