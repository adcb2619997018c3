/** What opening finds and puts right when the store was not closed or its disk lies, and how it goes on when the disk is full. */
import { describe, expect, it } from 'vitest'
import { CrashDisk } from '../../../test/kit/crash-disk.ts'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { seededRandom } from '../../../test/kit/seeded-random.ts'
import { id, newContent, piece, pieceRoot, pieces } from '../../../test/kit/store-content.ts'
import { dumpStore } from '../../../test/kit/store-dump.ts'
import { openIndexedPieceStore } from './indexed-piece-store.ts'
import type { PieceStore } from './piece-store.ts'
import type { Recovery } from './recovery.ts'

describe('a store that was not closed', () => {
  const content = newContent(1)
  const file = 'slots-1024'
  const open = async (disk: CrashDisk): Promise<{ store: PieceStore; recovery: Recovery }> => {
    const recoveries: Recovery[] = []
    const store = await openIndexedPieceStore({
      clock: new ManualClock(),
      index: disk.index(),
      slabs: disk.folder(),
      pieceRoot,
      onRecovery: recovery => recoveries.push(recovery)
    })
    const [recovery] = recoveries
    if (recovery === undefined) throw new Error('open must report')
    return { store, recovery }
  }

  it('finds and drops what a lying disk lost of the last writes, and nothing else', async () => {
    const disk = new CrashDisk()
    const { store } = await open(disk)
    await store.addContent(content)
    await store.putPieces(content.manifestId, 0, pieces(content, 0, 4))
    await store.putPieces(content.manifestId, 1, pieces(content, 1, 2))
    disk.damage(file, bytes => bytes.fill(0, 5 * 1_024 + 900, 5 * 1_024 + 950))
    disk.restart(seededRandom(1))
    const { store: again, recovery } = await open(disk)
    const lost = piece(content, 1, 1).record.id
    expect(recovery).toMatchObject({ unclean: true, checked: 6, lost: [{ segment: 1, id: lost }] })
    expect(await again.held(content.manifestId)).toEqual(Uint16Array.of(4, 1, 0))
    expect(await again.readPiece(content.manifestId, 1, lost)).toBeUndefined()
  })

  it('checks what was written last, not all there is', async () => {
    const disk = new CrashDisk()
    const { store } = await open(disk)
    await store.addContent({ ...content, segments: 200 })
    for (let segment = 0; segment < 200; segment++)
      await store.putPieces(content.manifestId, segment, pieces(content, segment, 2))
    disk.restart(seededRandom(1))
    const { recovery } = await open(disk)
    expect(recovery).toMatchObject({ unclean: true, checked: 64, lost: [] })
    // Some rows for each of 32 puts, and their pieces; not the other 168.
    expect(disk.operations).toBeLessThan(300)
  })

  it('does not look at pieces when it was closed', async () => {
    const disk = new CrashDisk()
    const { store } = await open(disk)
    await store.addContent(content)
    await store.putPieces(content.manifestId, 0, pieces(content, 0, 4))
    await store.close()
    disk.restart(seededRandom(1))
    const { recovery } = await open(disk)
    expect(recovery).toEqual({ unclean: false, checked: 0, lost: [], finishedRemovals: 0 })
    expect(disk.operations).toBeLessThan(10)
  })

  it('drops the pieces of a slab file that was cut, keeps the others, and uses the room again', async () => {
    const disk = new CrashDisk()
    const { store } = await open(disk)
    await store.addContent(content)
    for (const segment of [0, 1, 2]) await store.putPieces(content.manifestId, segment, pieces(content, segment, 4))
    await store.close()
    disk.damage(file, bytes => bytes.slice(0, 6 * 1_024))
    const { store: again, recovery } = await open(disk)
    expect(recovery.lost).toHaveLength(6)
    expect(await again.held(content.manifestId)).toEqual(Uint16Array.of(4, 2, 0))
    await again.putPieces(content.manifestId, 2, pieces(content, 2, 4))
    expect(await again.verify()).toEqual({ checked: 10, lost: [], lostCount: 0 })
  })

  it('finds bytes that rotted when asked to verify, drops them and says which', async () => {
    const disk = new CrashDisk()
    const { store } = await open(disk)
    await store.addContent(content)
    await store.putPieces(content.manifestId, 0, pieces(content, 0, 4))
    disk.damage(file, bytes => bytes.fill(1, 1_024, 1_025).fill(2, 3_072 + 999, 3_072 + 1_000))
    const seen: number[] = []
    const report = await store.verify({ onProgress: checked => seen.push(checked) })
    expect(report).toEqual({
      checked: 4,
      lostCount: 2,
      lost: [1, 3].map(index => ({ manifestId: id(1), segment: 0, id: piece(content, 0, index).record.id }))
    })
    expect(seen).toEqual([4])
    expect(await store.verify()).toEqual({ checked: 2, lost: [], lostCount: 0 })
  })

  it('removes slab files of which nothing is known, and gives back what lies behind the last piece', async () => {
    const disk = new CrashDisk()
    const { store } = await open(disk)
    await store.addContent(content)
    await store.putPieces(content.manifestId, 0, pieces(content, 0, 8))
    expect(disk.fileBytes(file)).toBe(7 * 1_024 + 1_000)
    const ids = pieces(content, 0, 8).map(({ record }) => record.id)
    await store.removePieces(content.manifestId, 0, ids.slice(2))
    expect(disk.fileBytes(file)).toBe(2 * 1_024)
    await store.removeContent(content.manifestId)
    await store.close()
    const { store: again } = await open(disk)
    expect(await again.contents()).toEqual([])
    expect(await disk.folder().names()).toEqual([])
  })
})

describe('a full disk', () => {
  const setUp = async (): Promise<{ disk: CrashDisk; store: PieceStore }> => {
    const disk = new CrashDisk()
    const options = { clock: new ManualClock(), index: disk.index(), slabs: disk.folder(), pieceRoot }
    return { disk, store: await openIndexedPieceStore(options) }
  }

  it('in the middle of a write loses nothing that was acknowledged, and goes on when there is room', async () => {
    const { disk, store } = await setUp()
    const [first, second] = [newContent(1, { pinned: true }), newContent(2, { pinned: true })]
    for (const content of [first, second]) await store.addContent(content)
    await store.putPieces(first.manifestId, 0, pieces(first, 0, 5))
    const before = await dumpStore(store)
    disk.capacityBytes = 7 * 1_024
    await expect(store.putPieces(second.manifestId, 0, pieces(second, 0, 5))).rejects.toMatchObject({
      code: 'storage-full'
    })
    expect(await dumpStore(store)).toBe(before)
    expect(disk.fileBytes('slots-1024')).toBe(5 * 1_024)
    disk.capacityBytes = 10 * 1_024
    expect(await store.putPieces(second.manifestId, 0, pieces(second, 0, 5))).toBe(5)
    expect(await store.verify()).toEqual({ checked: 10, lost: [], lostCount: 0 })
  })

  it('takes the room of content of less value, before the caller learns of it', async () => {
    const { disk, store } = await setUp()
    const [pinned, loose, next] = [newContent(1, { pinned: true }), newContent(2), newContent(3)]
    for (const content of [pinned, loose, next]) await store.addContent(content)
    await store.putPieces(loose.manifestId, 0, pieces(loose, 0, 3))
    await store.putPieces(pinned.manifestId, 0, pieces(pinned, 0, 3))
    disk.capacityBytes = 7 * 1_024
    expect(await store.putPieces(next.manifestId, 0, pieces(next, 0, 3))).toBe(3)
    expect((await store.contents()).map(({ manifestId }) => manifestId)).toEqual([pinned.manifestId, next.manifestId])
  })
})
