import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { CrashDisk } from '../../../test/kit/crash-disk.ts'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { describePieceStore } from '../../../test/kit/piece-store-contract.ts'
import { newContent, piece, pieceRoot } from '../../../test/kit/store-content.ts'
import { openIndexedPieceStore } from './indexed-piece-store.ts'

for (const kind of ['slab files', 'index only']) {
  let disk = new CrashDisk()
  describePieceStore(
    {
      name: `indexed, ${kind}`,
      durable: true,
      policy: true,
      open: policy =>
        openIndexedPieceStore({
          ...policy,
          index: disk.index(),
          ...(kind === 'slab files' ? { slabs: disk.folder() } : {}),
          pieceRoot
        }),
      reset: async () => {
        disk = new CrashDisk()
      }
    },
    { describe, it, afterEach }
  )
}

describe('reads while pieces come and go', () => {
  it('give the bytes of their piece or nothing, never those of another', async () => {
    const disk = new CrashDisk()
    const store = await openIndexedPieceStore({
      clock: new ManualClock(),
      index: disk.index(),
      slabs: disk.folder(),
      pieceRoot
    })
    const content = newContent(1)
    await store.addContent(content)
    let found = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 11 }), { minLength: 10, maxLength: 40 }), async numbers => {
        await Promise.all(
          numbers.map(async number => {
            const { record, data } = piece(content, number % 2, number >> 1)
            const reading = store.readPiece(content.manifestId, number % 2, record.id)
            const writing =
              number % 3 === 0
                ? store.removePieces(content.manifestId, number % 2, [record.id])
                : store.putPieces(content.manifestId, number % 2, [{ record, data }])
            const bytes = await reading
            await writing
            if (bytes === undefined) return
            found++
            expect(bytes).toEqual(data)
          })
        )
      }),
      { numRuns: 30 }
    )
    expect(found).toBeGreaterThan(50)
  })
})
