import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostileBytes } from '../../../test/vectors/hostile-bytes.ts'
import { cryptoEngine } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { createIdentity } from '../../identity/index.ts'
import { cipherLayout } from '../content/index.ts'
import { type Manifest, manifestSegmentation, openManifest, parityPieces, signManifest } from './index.ts'

const identity = createIdentity()
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })

/** Manifests of every shape that the rules allow. */
const fields: fc.Arbitrary<Omit<Manifest, 'publisher'>> = fc
  .record({
    segments: fc.integer({ min: 1, max: 5 }),
    piecesPerSegment: fc.integer({ min: 1, max: 128 }),
    pieceBytes: fc.integer({ min: 1024, max: 4 * 1024 * 1024 }),
    lastBytes: fc.nat(),
    createdAt: fc.maxSafeNat(),
    contentId: bytes32,
    hash: bytes32,
    encrypted: fc.boolean()
  })
  .map(({ segments, piecesPerSegment, pieceBytes, lastBytes, createdAt, contentId, hash, encrypted }) => {
    const segmentBytes = piecesPerSegment * pieceBytes
    const plainSize = (segments - 1) * segmentBytes + 1 + (lastBytes % segmentBytes)
    const size = encrypted ? cipherLayout(plainSize).storedBytes : plainSize
    const cut = manifestSegmentation({ size, segmentBytes, pieceBytes })
    return {
      contentId,
      size,
      segmentBytes,
      pieceBytes,
      createdAt,
      ...(encrypted ? { encryption: { chunkBytes: 65_536, plainSize } } : {}),
      segments: Array.from({ length: cut.count }, (_, index) => {
        const { k } = cut.segment(index)
        return { hash, committed: k + parityPieces(k), committedRoot: hash }
      })
    }
  })

const sample: Omit<Manifest, 'publisher'> = {
  contentId: new Uint8Array(32).fill(1),
  size: 25_000,
  segmentBytes: 10_240,
  pieceBytes: 1024,
  createdAt: 1_700_000_000_000,
  segments: [10, 10, 5].map(k => ({
    hash: new Uint8Array(32).fill(k),
    committed: k + parityPieces(k),
    committedRoot: new Uint8Array(32).fill(9)
  }))
}

describe('a manifest', () => {
  it('says the same after being signed and read, in the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fields, async manifest => {
        const signed = await signManifest(manifest, identity)
        const { id, bytes, publisher, ...read } = openManifest(signed.bytes)
        expect(read).toEqual(manifest)
        expect(publisher).toEqual(identity.publicKey)
        expect([id, bytes]).toEqual([signed.id, signed.bytes])
        expect(id).toEqual(cryptoEngine().sha256(bytes))
      }),
      { numRuns: 60 }
    )
  })

  it('with any bit changed, cut or followed by anything is refused', async () => {
    const { bytes } = await signManifest(sample, identity)
    for (let bit = 0; bit < bytes.length * 8; bit += 7) {
      const changed = bytes.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => openManifest(changed), `bit ${bit}`).toThrow(CraftecError)
    }
    for (const length of [0, 1, 95, bytes.length - 66, bytes.length - 1])
      expect(() => openManifest(bytes.subarray(0, length))).toThrow(expect.objectContaining({ code: 'malformed' }))
    expect(() => openManifest(Uint8Array.of(...bytes, 0))).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('that is not the one asked for is refused', async () => {
    const { bytes, id, contentId } = await signManifest(sample, identity)
    expect(openManifest(bytes, { manifestId: id, contentId }).size).toBe(sample.size)
    for (const expected of [{ manifestId: contentId }, { contentId: id }])
      expect(() => openManifest(bytes, expected)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('by another key than it names is refused', async () => {
    const { bytes } = await signManifest(sample, identity)
    const other = await signManifest(sample, createIdentity())
    const forged = bytes.slice()
    forged.set(other.bytes.subarray(-64), bytes.length - 64)
    expect(() => openManifest(forged)).toThrow(expect.objectContaining({ code: 'invalid-signature' }))
  })

  it.each<[string, Partial<Manifest>]>([
    ['too few segments', { segments: sample.segments.slice(1) }],
    ['too many segments', { segments: [...sample.segments, ...sample.segments] }],
    ['pieces smaller than a leaf', { pieceBytes: 1023, segmentBytes: 10_230 }],
    ['pieces over 4 MiB', { pieceBytes: 4 * 1024 * 1024 + 1 }],
    ['k over 128', { segmentBytes: 1024 * 129 }],
    ['segments of nothing', { segmentBytes: 0 }],
    ['a size that is no integer', { size: 0.5 }],
    ['a size over 2^53', { size: 2 ** 54 }],
    ['fewer committed pieces than k', { segments: sample.segments.map(segment => ({ ...segment, committed: 4 })) }],
    ['more committed pieces than 256', { segments: sample.segments.map(segment => ({ ...segment, committed: 257 })) }],
    ['another size than its encryption gives', { encryption: { chunkBytes: 65_536, plainSize: 25_000 } }],
    ['chunks of one byte', { encryption: { chunkBytes: 1, plainSize: 1470 } }],
    ['no bytes, and the id of some', { size: 0, segments: [] }]
  ])('with %s is not made', async (_, wrong) => {
    await expect(signManifest({ ...sample, ...wrong }, identity)).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  it('of empty content has no segment', async () => {
    const empty = { ...sample, size: 0, segments: [], contentId: cryptoEngine().sha256(new Uint8Array(0)) }
    expect(openManifest((await signManifest(empty, identity)).bytes).segments).toEqual([])
  })

  it('of hostile bytes never opens, and costs no more than its length', async () => {
    const { bytes } = await signManifest(sample, identity)
    const garbage = hostileBytes('manifests')
    const header = bytes.subarray(0, 94)
    for (let round = 0; round < 5_000; round++) {
      const tail = garbage(round % 400)
      const input = round % 2 === 0 ? tail : Uint8Array.of(...header.subarray(0, round % 95), ...tail)
      expect(() => openManifest(input)).toThrow(expect.objectContaining({ code: 'malformed' }))
    }
    expect(() => openManifest(new Uint8Array(4 * 1024 * 1024 + 1))).toThrow(
      expect.objectContaining({ code: 'limit-exceeded' })
    )
  })
})
