import { describe, expect, it } from 'vitest'
import { CrashDisk } from '../../../test/kit/crash-disk.ts'
import { hashing, publishContent } from '../../../test/kit/published-content.ts'
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
