import { describe, expect, it } from 'vitest'
import { coding, hashing, publishContent } from '../../../test/kit/published-content.ts'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import { sha256 } from '../../crypto/index.ts'
import { commitSegment, hashSegment, parityPieces, segmentHash } from './index.ts'

const PIECE_BYTES = 2048
const bytes = seededRandom('segment hashes')(2 * PIECE_BYTES + 5)
const rootOf = (piece: Uint8Array): Uint8Array => {
  const filled = new Uint8Array(PIECE_BYTES)
  filled.set(piece)
  return hashing.pieceRoot(filled)
}
const roots = [0, 1, 2].map(index => rootOf(bytes.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES)))

describe('the hash of a segment', () => {
  it('is over its length and the roots of its pieces, filled up with zeros', async () => {
    const expected = sha256(Uint8Array.of(4, 5, 16, 0, 0, ...roots.flatMap(root => [...root])))
    expect(segmentHash(bytes.length, Uint8Array.from(roots.flatMap(root => [...root])))).toEqual(expected)
    expect(await hashSegment(hashing, bytes, PIECE_BYTES)).toEqual(expected)
  })

  it('is what the publisher commits to, whatever lay in the room for its pieces', async () => {
    const room = new Uint8Array((3 + parityPieces(3)) * PIECE_BYTES).fill(0xee)
    room.set(bytes)
    const job = { k: 3, pieceBytes: PIECE_BYTES, pieces: room, sourceBytes: bytes.length }
    const { hash } = await commitSegment(coding, hashing, job, seededRandom('rows'))
    expect(hash).toEqual(await hashSegment(hashing, bytes, PIECE_BYTES))
  })

  it('changes with any byte, and with zeros that belong to the content', async () => {
    const { bytes: content, manifest } = await publishContent()
    const segment = content.slice(0, manifest.segmentBytes)
    const expected = await hashSegment(hashing, segment, manifest.pieceBytes)
    expect(expected).toEqual(manifest.segments[0]?.hash)
    for (const at of [0, 1023, 1024, segment.length - 1]) {
      const changed = segment.slice()
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(await hashSegment(hashing, changed, manifest.pieceBytes)).not.toEqual(expected)
    }
    const longer = new Uint8Array(bytes.length + 1)
    longer.set(bytes)
    expect(await hashSegment(hashing, longer, PIECE_BYTES)).not.toEqual(await hashSegment(hashing, bytes, PIECE_BYTES))
  })

  it('takes the root of a piece that was verified as it is', async () => {
    const unknown = bytes.slice().fill(0, PIECE_BYTES, 2 * PIECE_BYTES)
    const knownRoot = (index: number): Uint8Array | undefined => (index === 1 ? roots[1] : undefined)
    expect(await hashSegment(hashing, unknown, PIECE_BYTES, { knownRoot })).toEqual(
      await hashSegment(hashing, bytes, PIECE_BYTES)
    )
  })

  it('is given up when nobody waits for it', async () => {
    const signal = AbortSignal.abort()
    await expect(hashSegment(hashing, bytes, PIECE_BYTES, { signal })).rejects.toMatchObject({ code: 'aborted' })
  })
})
