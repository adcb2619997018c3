import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemRandom } from '../../async/index.ts'
import { sha256 } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { createIdentity } from '../../identity/index.ts'
import {
  checkPieceCoefficients,
  committedLeafHash,
  decodeProvenance,
  encodeProvenance,
  type Provenance,
  pieceId,
  signRecoded,
  verifyRecoded
} from './index.ts'

const packed = (count: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: 32 * count, maxLength: 32 * count })
const provenance: fc.Arbitrary<Provenance> = fc.oneof(
  fc.record({
    kind: fc.constant('committed' as const),
    index: fc.integer({ min: 0, max: 0xffff }),
    path: fc.integer({ min: 0, max: 20 }).chain(packed)
  }),
  fc.record({ kind: fc.constant('recoded' as const), recoder: packed(1), signature: packed(2) })
)

describe('provenance', () => {
  it('says the same after being written and read', () => {
    fc.assert(
      fc.property(provenance, value => {
        expect(decodeProvenance(encodeProvenance(value))).toEqual(value)
      })
    )
  })

  it('of any bytes has one spelling, or is malformed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), bytes => {
        if (bytes.length > 0) bytes[0] = (bytes[0] ?? 0) % 3
        if (bytes.length > 3) bytes[3] = (bytes[3] ?? 0) % 5
        try {
          expect(encodeProvenance(decodeProvenance(bytes))).toEqual(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(CraftecError)
          expect((error as CraftecError).code).toBe('malformed')
        }
      }),
      { numRuns: 1000 }
    )
  })

  it('is not written for what cannot be', () => {
    for (const wrong of [
      { kind: 'committed', index: 65_536, path: new Uint8Array(0) },
      { kind: 'committed', index: 0, path: new Uint8Array(31) },
      { kind: 'committed', index: 0, path: new Uint8Array(21 * 32) },
      { kind: 'recoded', recoder: new Uint8Array(31), signature: new Uint8Array(64) }
    ] as const)
      expect(() => encodeProvenance(wrong)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})

describe('a piece', () => {
  const [segmentHash, root] = [systemRandom(32), systemRandom(32)]
  const coefficients = Uint8Array.of(1, 0, 7)

  it('has an id and a leaf that bind all they are made of', () => {
    expect(pieceId(segmentHash, coefficients, root)).toEqual(
      sha256(Uint8Array.of(3, ...segmentHash, 3, ...coefficients, ...root))
    )
    expect(committedLeafHash(258, coefficients, root)).toEqual(
      sha256(Uint8Array.of(2, 2, 1, 0, 0, 3, ...coefficients, ...root))
    )
  })

  it('says something of its segment', () => {
    checkPieceCoefficients(coefficients, 3)
    for (const wrong of [new Uint8Array(3), new Uint8Array(0), Uint8Array.of(1, 0), Uint8Array.of(1, 0, 0, 0)])
      expect(() => checkPieceCoefficients(wrong, 3)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('that was recoded is vouched for by its recoder, for one place and one root', async () => {
    const identity = createIdentity()
    const claim = { manifestId: segmentHash, segment: 4, coefficients, root }
    const signature = await signRecoded(identity, claim)
    expect(verifyRecoded(claim, identity.publicKey, signature)).toBe(true)
    for (const other of [
      { ...claim, segment: 5 },
      { ...claim, manifestId: root },
      { ...claim, root: segmentHash },
      { ...claim, coefficients: Uint8Array.of(1, 0, 8) }
    ])
      expect(verifyRecoded(other, identity.publicKey, signature)).toBe(false)
    expect(verifyRecoded(claim, createIdentity().publicKey, signature)).toBe(false)
    expect(verifyRecoded(claim, identity.publicKey, signature.subarray(1))).toBe(false)
  })
})
