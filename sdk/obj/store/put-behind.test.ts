/** Writes whose index is still on its way to the disk while the next one writes its bytes. */
import { describe, expect, it } from 'vitest'
import { CrashDisk } from '../../../test/kit/crash-disk.ts'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { newContent, pieceRoot, pieces } from '../../../test/kit/store-content.ts'
import { CraftecError } from '../../errors/index.ts'
import { openIndexedPieceStore } from './indexed-piece-store.ts'
import type { IndexChange } from './store-index.ts'

const content = newContent(1, { segments: 4 })
const { manifestId } = content
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await new Promise(resolve => setImmediate(resolve))
}

/** A store whose commits of segments wait for the test. */
async function setUp() {
  const disk = new CrashDisk()
  const index = disk.index()
  const gates: PromiseWithResolvers<void>[] = []
  const isOfSegment = (changes: readonly IndexChange[]): boolean => changes.some(({ table }) => table === 'segment')
  let isGated = true
  const store = await openIndexedPieceStore({
    clock: new ManualClock(),
    index: {
      ...index,
      commit: async changes => {
        if (isGated && isOfSegment(changes)) {
          const gate = Promise.withResolvers<void>()
          gates.push(gate)
          await gate.promise
        }
        return index.commit(changes)
      }
    },
    slabs: disk.folder(),
    pieceRoot
  })
  await store.addContent(content)
  const openGates = (): void => {
    isGated = false
    for (const { resolve } of gates) resolve()
  }
  return { disk, store, gates, openGates }
}

describe('a put whose index is on its way to the disk', () => {
  it('lets the next write its bytes, and neither is told of nor seen before its own commit', async () => {
    const { disk, store, gates, openGates } = await setUp()
    const told: number[] = []
    const seen: string[] = []
    store.onChange(change => seen.push(change.type))
    const puts = [0, 1].map(segment =>
      store.putPieces(manifestId, segment, pieces(content, segment, 3)).then(added => told.push(added))
    )
    await turns()
    expect(disk.fileBytes('slots-1024')).toBeGreaterThan(5 * 1_024)
    expect([gates.length, told, seen]).toEqual([1, [], []])
    expect(await store.held(manifestId)).toEqual(Uint16Array.of(0, 0, 0, 0))
    expect(await store.pieces(manifestId, 0)).toEqual([])
    gates[0]?.resolve()
    await puts[0]
    expect([gates.length, told, seen]).toEqual([2, [3], ['pieces-added']])
    expect(await store.held(manifestId)).toEqual(Uint16Array.of(3, 0, 0, 0))
    openGates()
    await Promise.all(puts)
    expect(await store.held(manifestId)).toEqual(Uint16Array.of(3, 3, 0, 0))
  })

  it('does not say "held already" of pieces that another put has not brought to the disk yet', async () => {
    const { store, openGates } = await setUp()
    const first = store.putPieces(manifestId, 0, pieces(content, 0, 3))
    let isTold = false
    const second = store.putPieces(manifestId, 0, pieces(content, 0, 3)).then(added => {
      isTold = true
      return added
    })
    await turns()
    expect(isTold).toBe(false)
    openGates()
    expect([await first, await second]).toEqual([3, 0])
  })

  it('is done again when there was no room for the index, and so are those behind it', async () => {
    const { store, gates, openGates } = await setUp()
    const puts = [0, 1, 2].map(segment => store.putPieces(manifestId, segment, pieces(content, segment, 3)))
    await turns()
    gates[0]?.reject(new CraftecError('storage-full', 'no room for the index'))
    openGates()
    expect(await Promise.all(puts)).toEqual([3, 3, 3])
    expect(await store.held(manifestId)).toEqual(Uint16Array.of(3, 3, 3, 0))
    expect(await store.verify()).toEqual({ checked: 9, lost: [], lostCount: 0 })
    expect((await store.usage()).pieces).toBe(9)
  })

  it('fails with those behind it when the disk fails, and what comes later finds what the index says', async () => {
    const { store, gates, openGates } = await setUp()
    const puts = [0, 1].map(segment => store.putPieces(manifestId, segment, pieces(content, segment, 3)))
    await turns()
    gates[0]?.reject(new CraftecError('storage-unavailable', 'the disk failed'))
    const outcomes = await Promise.allSettled(puts)
    expect(outcomes.map(outcome => outcome.status === 'rejected' && outcome.reason.code)).toEqual([
      'storage-unavailable',
      'storage-unavailable'
    ])
    openGates()
    expect(await store.putPieces(manifestId, 2, pieces(content, 2, 3))).toBe(3)
    expect(await store.held(manifestId)).toEqual(Uint16Array.of(0, 0, 3, 0))
    expect((await store.usage()).pieces).toBe(3)
  })

  it('is waited for by everything else that changes the store, and by its end', async () => {
    const { store, openGates } = await setUp()
    const ended: string[] = []
    const put = store.putPieces(manifestId, 0, pieces(content, 0, 3)).then(() => ended.push('put'))
    const pin = store.pin(manifestId).then(() => ended.push('pin'))
    const close = store.close().then(() => ended.push('close'))
    await turns()
    expect(ended).toEqual([])
    openGates()
    await Promise.all([put, pin, close])
    expect(ended).toEqual(['put', 'pin', 'close'])
  })
})
