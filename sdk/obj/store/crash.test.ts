/** Power failure between any two operations of the disk, and in the middle of them. The model is the store in memory. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chaosRounds } from '../../../test/kit/chaos.ts'
import { CrashDisk } from '../../../test/kit/crash-disk.ts'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { seededRandom } from '../../../test/kit/seeded-random.ts'
import { newContent, piece, pieceRoot } from '../../../test/kit/store-content.ts'
import { dumpStore } from '../../../test/kit/store-dump.ts'
import { openIndexedPieceStore } from './indexed-piece-store.ts'
import { createMemoryPieceStore } from './memory-piece-store.ts'
import type { NewContent, PieceStore } from './piece-store.ts'
import type { Recovery } from './recovery.ts'
import type { StorePolicyOptions } from './store-policy.ts'

const SIZES = [700, 1_500]
/** CHAOS=long for more; fast-check prints the seed of a failure. */
const RUNS = chaosRounds({ ordinary: 120, long: 5_000 })

interface Chosen {
  readonly content: number
  readonly segment: number
  readonly pieces: number[]
}

/** Small numbers, so that operations meet each other. */
type Operation =
  | { readonly do: 'add' | 'pin' | 'unpin' | 'remove'; readonly content: number }
  | ({ readonly do: 'put' | 'drop' } & Chosen)
  | ({ readonly do: 'push'; readonly from: string } & Chosen)
  | { readonly do: 'adopt'; readonly content: number; readonly as: number }
  | { readonly do: 'set'; readonly key: string; readonly value: number | undefined }
  | { readonly do: 'evict'; readonly bytes: number }

const PEERS = ['ann', 'bob'] as const
/** Whose each content is: the device's, or a peer's. */
const OWNERS = [undefined, undefined, undefined, 'ann', 'ann', 'ann', 'bob', 'bob'] as const
const content = fc.integer({ min: 1, max: OWNERS.length })
const segment = fc.integer({ min: 0, max: 1 })
const some = fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 5 })
const many = fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 2, maxLength: 4 })
const ofPeer = fc.integer({ min: 4, max: OWNERS.length })
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('add' as const), content }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('put' as const), content, segment, pieces: some }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      from: fc.constantFrom(...PEERS),
      content: fc.oneof({ weight: 7, arbitrary: ofPeer }, content),
      segment,
      pieces: many
    })
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('drop' as const), content, segment, pieces: some }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), content }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('pin' as const, 'unpin' as const), content }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('adopt' as const), content, as: content }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      key: fc.constantFrom('a', 'b'),
      value: fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined })
    })
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('evict' as const), bytes: fc.integer({ min: 0, max: 60_000 }) }) }
)
/** Some operations at once, and perhaps a power failure so many disk operations later. */
const step = fc.record({
  batch: fc.array(operation, { minLength: 1, maxLength: 4 }),
  failAfter: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined, freq: 2 }),
  seed: fc.integer({ min: 1 })
})

function contentOf(number: number): NewContent {
  const pieceBytes = SIZES[number % SIZES.length] ?? 0
  const peer = OWNERS[number - 1]
  const whose = peer === undefined ? {} : ({ origin: 'peer', peer } as const)
  return newContent(number, { segments: 2, pieceBytes, ...whose })
}

async function run(store: PieceStore, operation: Operation): Promise<void> {
  if (operation.do === 'set')
    return store.setValue(operation.key, operation.value === undefined ? undefined : Uint8Array.of(operation.value))
  if (operation.do === 'evict') return void (await store.evict(operation.bytes))
  const given = contentOf(operation.content)
  const { manifestId } = given
  switch (operation.do) {
    case 'add':
      return void (await store.addContent(given))
    case 'pin':
      return store.pin(manifestId)
    case 'unpin':
      return store.unpin(manifestId)
    case 'remove':
      return void (await store.removeContent(manifestId))
    case 'adopt':
      if (operation.as === operation.content) return
      return void (await store.adopt(manifestId, contentOf(operation.as)))
    case 'put':
    case 'push': {
      const chosen = operation.pieces.map(index => piece(given, operation.segment, index))
      const from = operation.do === 'push' ? operation.from : undefined
      return void (await store.putPieces(manifestId, operation.segment, chosen, { from }))
    }
    case 'drop': {
      const ids = operation.pieces.map(index => piece(given, operation.segment, index).record.id)
      return void (await store.removePieces(manifestId, operation.segment, ids))
    }
  }
}

/** What each peer is told of room for more of each content. */
function roomForAll(store: PieceStore): Promise<number[]> {
  const contents = OWNERS.map((_, index) => contentOf(index + 1))
  const offers = contents.flatMap(({ manifestId, pieceBytes }) =>
    PEERS.map(from => ({ manifestId, segment: 0, pieces: 9, pieceBytes, from }))
  )
  return Promise.all(offers.map(offer => store.roomFor(offer)))
}

const EXPECTED = new Set(['content-unknown', 'invalid-argument', 'storage-full', 'limit-exceeded'])

/** Whether it ran to its end; that the power fails is no answer. */
async function acknowledged(store: PieceStore, operation: Operation): Promise<boolean> {
  try {
    await run(store, operation)
    return true
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'storage-unavailable') return false
    if (code !== undefined && EXPECTED.has(code)) return true
    throw error
  }
}

async function replay(operations: readonly Operation[], policy: StorePolicyOptions): Promise<PieceStore> {
  const model = createMemoryPieceStore(policy)
  for (const operation of operations) await acknowledged(model, operation)
  return model
}

/**
 * What the store may hold after a crash within `last`: nothing of it, all of it, or, where content had to give way one by one, some of
 * that content gone.
 */
async function possible(
  before: readonly Operation[],
  last: Operation,
  policy: StorePolicyOptions
): Promise<readonly (() => Promise<string>)[]> {
  const model = await replay(before, policy)
  const gone: Uint8Array[] = []
  model.onChange(change => {
    if (change.type === 'content-removed') gone.push(change.manifestId)
  })
  await acknowledged(model, last)
  return [
    () => dumpStore(model),
    ...Array.from({ length: gone.length }, (_, count) => async () => {
      const partly = await replay(before, policy)
      for (const manifestId of gone.slice(0, count + 1)) await partly.removeContent(manifestId)
      return dumpStore(partly)
    })
  ]
}

describe.each([
  ['slab files', true],
  ['the index only', false]
])('a store with %s', (_, hasSlabs) => {
  const policy = (): StorePolicyOptions => ({
    clock: new ManualClock(),
    quotaBytes: 18 * 1_024,
    peersQuotaBytes: 9 * 1_024,
    peerQuotaBytes: 7 * 1_024,
    tenureMs: 0,
    // What went before a crash the model removes without counting it; that it is counted the contract shows.
    turnoverBytesPerDay: Number.POSITIVE_INFINITY,
    // Time stands still here, and must not be all that tells contents apart.
    value: ({ manifestId, pieces }) => ((manifestId[3] ?? 0) * 5 + pieces) % 7
  })
  const open = (disk: CrashDisk, onRecovery?: (recovery: Recovery) => void): Promise<PieceStore> =>
    openIndexedPieceStore({
      ...policy(),
      index: disk.index(),
      ...(hasSlabs ? { slabs: disk.folder() } : {}),
      pieceRoot,
      ...(onRecovery ? { onRecovery } : {})
    })

  it('holds after any crash what was acknowledged, and no half of what was not', { timeout: RUNS * 500 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async steps => {
        const disk = new CrashDisk()
        let store = await open(disk)
        let done = [4, 5, 6, 7, 8].map((content): Operation => ({ do: 'add', content }))
        for (const operation of done) await acknowledged(store, operation)
        for (const { batch, failAfter, seed } of steps) {
          if (failAfter !== undefined) disk.failAfter(failAfter)
          // All at once: the store serialises them in this order.
          const answers = await Promise.all(batch.map(operation => acknowledged(store, operation)))
          if (!disk.isDown) {
            disk.failAfter(Number.POSITIVE_INFINITY)
            done = [...done, ...batch]
            const model = await replay(done, policy())
            expect(await dumpStore(store)).toBe(await dumpStore(model))
            expect(await roomForAll(store)).toEqual(await roomForAll(model))
            continue
          }
          // After the failure only what needs no disk can still succeed: an eviction of nothing.
          const failed = answers.indexOf(false)
          const certain = failed === -1 ? answers.length : failed
          disk.restart(seededRandom(seed))
          let recovery: Recovery | undefined
          store = await open(disk, report => {
            recovery = report
          })
          expect(recovery?.lost).toEqual([])
          const found = await dumpStore(store)
          const before = [...done, ...batch.slice(0, certain)]
          const interrupted = batch[certain]
          if (found === (await dumpStore(await replay(before, policy())))) done = before
          else {
            if (interrupted === undefined) throw new Error(`nothing was under way, yet there is\n${found}`)
            const states = await possible(before, interrupted, policy())
            const dumps = await Promise.all(states.map(state => state()))
            expect(dumps).toContain(found)
            const evicted = dumps.indexOf(found)
            done = evicted === 0 ? [...before, interrupted] : [...before, ...(await goneBefore(before, evicted))]
          }
          const report = await store.verify()
          expect(report.lost).toEqual([])
        }
        await store.close()
        const again = await open(disk)
        expect(await dumpStore(again)).toBe(await dumpStore(await replay(done, policy())))

        /** The removals that a partly done eviction comes to. */
        async function goneBefore(before: readonly Operation[], count: number): Promise<Operation[]> {
          const kept = new Set((await store.contents()).map(({ manifestId }) => manifestId[3]))
          const all = await (await replay(before, policy())).contents()
          const removed = all.map(({ manifestId }) => manifestId[3] ?? 0).filter(number => !kept.has(number))
          expect(removed).toHaveLength(count)
          return removed.map(number => ({ do: 'remove', content: number }))
        }
      }),
      { numRuns: RUNS }
    )
  })

  it('crashes at every single operation of a put, a removal and a renaming, and opens clean', async () => {
    const work: readonly Operation[] = [
      { do: 'add', content: 1 },
      { do: 'put', content: 1, segment: 0, pieces: [0, 1, 2] },
      { do: 'put', content: 1, segment: 1, pieces: [0] },
      { do: 'drop', content: 1, segment: 0, pieces: [1] },
      { do: 'put', content: 1, segment: 0, pieces: [3, 4] },
      { do: 'adopt', content: 1, as: 3 },
      { do: 'add', content: 1 },
      { do: 'put', content: 1, segment: 0, pieces: [5, 6] },
      { do: 'remove', content: 3 }
    ]
    let crashes = 0
    for (let failAfter = 1; ; failAfter++) {
      const disk = new CrashDisk()
      const first = await open(disk)
      disk.failAfter(failAfter)
      let certain = 0
      for (const operation of work) {
        if (!(await acknowledged(first, operation))) break
        certain++
      }
      if (!disk.isDown) break
      crashes++
      disk.restart(seededRandom(failAfter))
      const store = await open(disk)
      const states = await Promise.all(
        [certain, certain + 1].map(async count => dumpStore(await replay(work.slice(0, count), policy())))
      )
      expect(states).toContain(await dumpStore(store))
    }
    expect(crashes).toBeGreaterThan(hasSlabs ? 30 : 15)
  })
})
