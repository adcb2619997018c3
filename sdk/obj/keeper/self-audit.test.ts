import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { hashing, type PublishedContent, publishContent } from '../../../test/kit/published-content.ts'
import { systemRandom } from '../../async/index.ts'
import { encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { EPOCH_MS } from '../health/index.ts'
import { pieceId } from '../piece/index.ts'
import { createMemoryPieceStore, type PieceStore } from '../store/index.ts'
import { SelfAudit } from './self-audit.ts'

const never = new AbortController().signal
/** Of one segment, and of three. */
const contents = await Promise.all(
  [3_000, 9_000].map(size => publishContent({ size, pieceBytes: 1_024, segmentBytes: 4_096, seed: `${size} bytes` }))
)
const ids = contents.flatMap(idsOf)

function idsOf({ manifest, segments }: PublishedContent): string[] {
  return segments.flatMap(({ pieces }, segment) =>
    pieces.map(({ coefficients, root }) => nameOf(manifest.segments[segment]?.hash, coefficients, root))
  )
}

function nameOf(hash: Uint8Array | undefined, coefficients: Uint8Array, root: Uint8Array): string {
  return encodeHex(pieceId(hash ?? new Uint8Array(32), coefficients, root))
}

type Read = (id: string, read: () => Promise<Uint8Array | undefined>) => Promise<Uint8Array | undefined>

/** A store of all pieces, whose disk does what the test says. */
async function scene(piecesPerRound: number, disk: Read = (_, read) => read()) {
  const store: PieceStore = createMemoryPieceStore()
  for (const { manifest, segments } of contents) {
    const { id: manifestId, contentId, bytes, pieceBytes, size } = manifest
    await store.addContent({
      manifestId,
      contentId,
      manifest: bytes,
      pieceBytes,
      segments: segments.length,
      size,
      origin: 'own'
    })
    for (const [segment, { pieces }] of segments.entries()) {
      const hash = manifest.segments[segment]?.hash ?? new Uint8Array(32)
      const stored = pieces.map(({ data, ...head }) => ({
        record: { id: pieceId(hash, head.coefficients, head.root), ...head },
        data
      }))
      await store.putPieces(manifestId, segment, stored)
    }
  }
  const reads: string[] = []
  const read = store.readPiece.bind(store)
  store.readPiece = (manifestId, segment, id, options) => {
    reads.push(encodeHex(id))
    return disk(encodeHex(id), () => read(manifestId, segment, id, options))
  }
  const clock = new ManualClock()
  const audit = new SelfAudit({ store, hashing, random: systemRandom, clock }, piecesPerRound)
  const round = () => audit.round(never)
  const left = async (): Promise<number> => (await store.usage()).pieces
  return { store, reads, clock, audit, round, left }
}

const flipped: Read = async (_, read) => (await read())?.map((byte, at) => (at === 700 ? byte ^ 4 : byte))

describe('a holder that audits itself', () => {
  it('comes to every piece once, wherever it begins and however many it takes at a time, and again after an epoch', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2 * ids.length }), async piecesPerRound => {
        const { reads, clock, round } = await scene(piecesPerRound)
        const rounds = Math.ceil((ids.length + 1) / piecesPerRound)
        for (const walk of [1, 2]) {
          let checked = 0
          for (let turn = 0; turn < rounds; turn++) {
            const report = await round()
            expect(report.checked).toBeLessThanOrEqual(piecesPerRound)
            checked += report.checked
          }
          expect(checked).toBe(ids.length)
          expect(reads.toSorted()).toEqual(
            Array.from({ length: walk }, () => ids)
              .flat()
              .toSorted()
          )
          clock.advance(EPOCH_MS - 1)
          expect(await round()).toEqual({ checked: 0, rotten: 0, unreadable: 0 })
          clock.advance(1)
        }
      }),
      { numRuns: 12 }
    )
  })

  it('drops what is not what it was, and nothing else', async () => {
    const rotten = ids.filter((_, index) => index % 3 === 1)
    const { store, round, left } = await scene(1_000, (id, read) => (rotten.includes(id) ? flipped(id, read) : read()))
    expect(await round()).toEqual({ checked: ids.length, rotten: rotten.length, unreadable: 0 })
    expect(await left()).toBe(ids.length - rotten.length)
    for (const { manifest, segments } of contents)
      for (const segment of segments.keys())
        for (const { id } of await store.pieces(manifest.id, segment)) expect(rotten).not.toContain(encodeHex(id))
  })

  it('drops what the disk has no more', async () => {
    const { round, left } = await scene(1_000, async (id, read) => (id === ids[2] ? undefined : read()))
    expect(await round()).toEqual({ checked: ids.length, rotten: 1, unreadable: 0 })
    expect(await left()).toBe(ids.length - 1)
  })

  it('keeps what was misread once', async () => {
    let first = true
    const { round, left } = await scene(1_000, (id, read) => {
      const misread = first
      first = false
      return misread ? flipped(id, read) : read()
    })
    expect(await round()).toEqual({ checked: ids.length, rotten: 0, unreadable: 0 })
    expect(await left()).toBe(ids.length)
  })

  it('keeps everything while the disk fails, and goes on behind what cannot be read', async () => {
    let fails = true
    const { clock, round, left } = await scene(1_000, (_, read) => {
      if (fails) throw new CraftecError('storage-unavailable', 'the disk was pulled out')
      return read()
    })
    expect(await round()).toEqual({ checked: 0, rotten: 0, unreadable: ids.length })
    expect(await left()).toBe(ids.length)
    fails = false
    clock.advance(EPOCH_MS)
    expect(await round()).toEqual({ checked: ids.length, rotten: 0, unreadable: 0 })
  })

  it('reads nothing that went while it looked elsewhere, nothing once it is stopped, and nothing at all where it is off', async () => {
    const { store, round, audit, reads } = await scene(1)
    expect(await round()).toEqual({ checked: 1, rotten: 0, unreadable: 0 })
    for (const { manifest } of contents) await store.removeContent(manifest.id)
    // the segment that it was in the middle of
    for (let turn = 0; turn < 8; turn++) expect(await round()).toEqual({ checked: 0, rotten: 0, unreadable: 0 })
    expect(reads).toHaveLength(1)
    expect(await audit.round(AbortSignal.abort())).toEqual({ checked: 0, rotten: 0, unreadable: 0 })
    const off = await scene(0)
    await off.round()
    expect(off.reads).toEqual([])
  })

  it('goes past content whose manifest is not there or cannot be read', async () => {
    const { store, round } = await scene(1_000)
    const { manifest } = contents[0] ?? (await publishContent())
    for (const bytes of [new Uint8Array(0), manifest.bytes.slice(1)]) {
      const manifestId = systemRandom(32)
      const { contentId, pieceBytes, size } = manifest
      await store.addContent({
        manifestId,
        contentId,
        manifest: bytes,
        pieceBytes,
        segments: 1,
        size,
        origin: 'own'
      })
      const [piece] = contents[0]?.segments[0]?.pieces ?? []
      if (!piece) throw new Error('content has pieces')
      const { data, ...head } = piece
      await store.putPieces(manifestId, 0, [{ record: { id: systemRandom(32), ...head }, data }])
    }
    expect(await round()).toEqual({ checked: ids.length, rotten: 0, unreadable: 0 })
  })

  it('ends with its store', async () => {
    const { store, round } = await scene(1)
    await store.close()
    await expect(round()).rejects.toMatchObject({ code: 'stopped' })
  })
})
