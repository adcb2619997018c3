import { describe, expect, it } from 'vitest'
import { CrashDisk } from '../../../test/kit/crash-disk.ts'
import { hashing, publishContent } from '../../../test/kit/published-content.ts'
import { newContent, pieces } from '../../../test/kit/store-content.ts'
import { createMemoryPieceStore, openIndexedPieceStore, type PieceStore } from '../store/index.ts'
import { createIntake } from './intake.ts'
import { ManifestShelf } from './manifest-shelf.ts'

const content = await publishContent()
const { manifest } = content
const offer = { request: 1, manifestId: manifest.id, segment: 0, pieces: 2, pieceBytes: manifest.pieceBytes }
const sent = (content.segments[0]?.pieces ?? []).slice(0, 2).map(({ data, ...head }) => ({ request: 1, head, data }))

const intakeOf = (store: PieceStore) => createIntake({ store, hashes: hashing, manifests: new ManifestShelf(store) })
const slabStore = (disk: CrashDisk) =>
  openIndexedPieceStore({ index: disk.index(), slabs: disk.folder(), pieceRoot: hashing.pieceRoot })

describe('what is kept for a peer', () => {
  it('is there whole, with the name of whoever sent it', async () => {
    const store = createMemoryPieceStore()
    expect(await intakeOf(store).store('ann', offer, manifest.bytes, sent)).toEqual({ outcome: 'stored', pieces: 2 })
    expect(await store.content(manifest.id)).toMatchObject({ origin: 'peer', peer: 'ann', pieces: 2 })
  })

  it('leaves nothing on a disk that is full, and is taken when there is room', async () => {
    const disk = new CrashDisk()
    await using store = await slabStore(disk)
    disk.capacityBytes = manifest.pieceBytes
    expect(await intakeOf(store).store('ann', offer, manifest.bytes, sent)).toEqual({ outcome: 'refused' })
    expect(await store.content(manifest.id)).toBeUndefined()
    expect(await store.usage()).toMatchObject({ contents: 0, pieces: 0, bytes: 0 })
    disk.capacityBytes = Number.POSITIVE_INFINITY
    expect(await intakeOf(store).store('ann', offer, manifest.bytes, sent)).toEqual({ outcome: 'stored', pieces: 2 })
  })

  it('leaves what was there before when the disk gets full', async () => {
    const disk = new CrashDisk()
    await using store = await slabStore(disk)
    expect(await intakeOf(store).store('ann', offer, manifest.bytes, sent.slice(0, 1))).toMatchObject({ pieces: 1 })
    disk.capacityBytes = 0
    expect(await intakeOf(store).store('ann', offer, undefined, sent)).toEqual({ outcome: 'refused' })
    expect(await store.content(manifest.id)).toMatchObject({ pieces: 1 })
  })

  it('never takes the room of what the device has for itself, also when the disk is full before the quota', async () => {
    const disk = new CrashDisk()
    await using store = await slabStore(disk)
    const own = newContent(1, { pieceBytes: manifest.pieceBytes })
    await store.addContent(own)
    await store.putPieces(own.manifestId, 0, pieces(own, 0, 3))
    disk.capacityBytes = 4 * manifest.pieceBytes
    expect(await intakeOf(store).store('ann', offer, manifest.bytes, sent)).toEqual({ outcome: 'refused' })
    expect(await store.content(own.manifestId)).toMatchObject({ pieces: 3 })
    expect(await store.content(manifest.id)).toBeUndefined()
  })

  it('is refused, without an error, when its content went meanwhile', async () => {
    const store = createMemoryPieceStore()
    const put = store.putPieces.bind(store)
    store.putPieces = async (...args) => {
      await store.removeContent(manifest.id)
      return put(...args)
    }
    expect(await intakeOf(store).store('ann', offer, manifest.bytes, sent)).toEqual({ outcome: 'refused' })
  })
})

describe('room that is promised', () => {
  const admit = async (store: PieceStore, peers: readonly string[]) => {
    const intake = intakeOf(store)
    return { intake, answers: await Promise.all(peers.map(peer => intake.admit(peer, offer))) }
  }
  const granted = (answers: Awaited<ReturnType<typeof admit>>['answers']): number[] =>
    answers.map(answer => (answer.outcome === 'granted' ? answer.pieces : 0))
  const roomFor = (pieces: number) => {
    const bytes = pieces * manifest.pieceBytes
    return createMemoryPieceStore({ quotaBytes: bytes, peersQuotaBytes: bytes, peerQuotaBytes: bytes })
  }

  it('is promised once, however many ask at the same moment', async () => {
    const { answers } = await admit(roomFor(3), ['ann', 'bob', 'cyd'])
    expect(granted(answers)).toEqual([2, 1, 0])
    expect(answers[2]).toEqual({ outcome: 'refused', retryAfterMs: 0 })
  })

  it('is there again when what it was for is through, or will never be', async () => {
    const { intake, answers } = await admit(roomFor(2), ['ann', 'bob'])
    expect(granted(answers)).toEqual([2, 0])
    for (const answer of answers) if (answer.outcome === 'granted') answer.release()
    expect(await intake.admit('bob', offer)).toMatchObject({ outcome: 'granted', pieces: 2 })
  })

  it('is not promised to a peer whose cap is used up, though others have room', async () => {
    const bytes = manifest.pieceBytes
    const store = createMemoryPieceStore({ quotaBytes: 9 * bytes, peersQuotaBytes: 9 * bytes, peerQuotaBytes: bytes })
    const intake = intakeOf(store)
    expect(await intake.admit('ann', offer)).toMatchObject({ outcome: 'granted', pieces: 1 })
    expect(await intake.admit('ann', offer)).toMatchObject({ outcome: 'refused' })
    expect(await intake.admit('bob', offer)).toMatchObject({ outcome: 'granted', pieces: 1 })
  })

  it('is answered with busy, not refused, while too many pieces are on their way', async () => {
    const intake = createIntake({
      store: roomFor(9),
      hashes: hashing,
      manifests: new ManifestShelf(roomFor(9)),
      maxGrants: 1
    })
    expect(await intake.admit('ann', offer)).toMatchObject({ outcome: 'granted' })
    expect(await intake.admit('bob', offer)).toMatchObject({ outcome: 'busy' })
  })

  it('does not end with an admission that failed', async () => {
    const store = roomFor(9)
    const whole = store.roomFor.bind(store)
    store.roomFor = async () => {
      store.roomFor = whole
      throw new Error('the disk is gone for a moment')
    }
    const intake = intakeOf(store)
    const [failed, next] = await Promise.allSettled([intake.admit('ann', offer), intake.admit('bob', offer)])
    expect(failed.status).toBe('rejected')
    expect(next).toMatchObject({ status: 'fulfilled', value: { outcome: 'granted', pieces: 2 } })
  })
})
