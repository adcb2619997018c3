import { describe, expect, it } from 'vitest'
import { hashing, type PublishedPiece, publishContent, recodedPiece } from '../../../test/kit/published-content.ts'
import { createIdentity } from '../../identity/index.ts'
import { pieceId } from '../piece/index.ts'
import { verifyPiece } from './index.ts'

const content = await publishContent()
const { manifest, segments } = content
const [first, second] = segments
if (!first || !second) throw new Error('two segments expected')
const [source, other] = first.pieces
if (!source || !other) throw new Error('two pieces expected')
const identity = createIdentity()
const recoded = await recodedPiece(content, 0, first.pieces, identity)

/** A publisher that signs for a byte behind the end of its content. */
const overlong = await publishContent({
  size: 2048 * 2 + 1,
  tamper: pieces => {
    pieces[2048 * 2 + 1] = 1
  }
})

const verify = (piece: PublishedPiece, segment = 0): ReturnType<typeof verifyPiece> =>
  verifyPiece(hashing, manifest, segment, piece, piece.data)
const flipped = (bytes: Uint8Array, at = 0): Uint8Array => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))

describe('a piece that arrives', () => {
  it('is known by what binds its segment, its coefficients and its data', () => {
    for (const [segment, { pieces }] of segments.entries())
      for (const [index, piece] of pieces.entries())
        expect(verify(piece, segment)).toEqual({
          id: pieceId(manifest.segments[segment]?.hash ?? new Uint8Array(0), piece.coefficients, piece.root),
          index,
          recoder: undefined
        })
    expect(verify(recoded).recoder).toEqual(identity.publicKey)
  })

  it.each<[string, PublishedPiece, number, string]>([
    ['other data', { ...source, data: flipped(source.data, 2047) }, 0, 'malformed'],
    ['data cut short', { ...source, data: source.data.subarray(1) }, 0, 'malformed'],
    ['data that goes on', { ...source, data: new Uint8Array(2049) }, 0, 'malformed'],
    ['another root', { ...source, root: flipped(source.root) }, 0, 'malformed'],
    ['the coefficients of another', { ...source, coefficients: other.coefficients }, 0, 'malformed'],
    ['the place of another', { ...source, provenance: other.provenance }, 0, 'malformed'],
    ['too few coefficients', { ...source, coefficients: source.coefficients.subarray(1) }, 0, 'malformed'],
    ['a path that does not hold', { ...source, provenance: flipped(source.provenance, 40) }, 0, 'malformed'],
    ['the number of another segment', source, 1, 'malformed'],
    ['the number of no segment', source, 9, 'malformed'],
    ['no provenance', { ...source, provenance: new Uint8Array(0) }, 0, 'malformed'],
    ['a signature for another root', { ...recoded, root: source.root, data: source.data }, 0, 'invalid-signature'],
    ['a signature of nobody', { ...recoded, provenance: flipped(recoded.provenance, 5) }, 0, 'invalid-signature'],
    ['coefficients that say nothing', { ...recoded, coefficients: new Uint8Array(8) }, 0, 'malformed']
  ])('with %s is refused', (_, piece, segment, code) => {
    expect(() => verify(piece, segment)).toThrow(expect.objectContaining({ code }))
  })

  it('is refused with anything but zeros behind the end of the segment, whoever signed for them', () => {
    const [whole, , last] = overlong.segments[0]?.pieces ?? []
    if (!whole || !last) throw new Error('three source pieces expected')
    const arrived = (piece: PublishedPiece): unknown =>
      verifyPiece(hashing, overlong.manifest, 0, piece, piece.data).index
    expect(arrived(whole)).toBe(0)
    expect(() => arrived(last)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})
