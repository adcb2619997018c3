import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock, systemRandom } from '../../sdk/async/index.ts'
import { decodeHex } from '../../sdk/codec/index.ts'
import {
  EPOCH_MS,
  epochOf,
  findHolders,
  HealthKeeper,
  ObjClient,
  type PieceStore,
  type SegmentHealth,
  TAKEOVER_MS,
  targetPieces
} from '../../sdk/obj/index.ts'
import { storageNetwork } from '../../test/kit/storage-network.ts'
import { openFileStore } from './open-file-store.ts'

const K = 5
const FILE_BYTES = 1_200_000
const SLOT_BYTES = 256 * 1024

async function temporaryStore(): Promise<{ readonly store: PieceStore; readonly slab: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'self-audit-'))
  const store = await openFileStore({ folder, reserveBytes: 0 })
  onTestFinished(async () => {
    await store.close()
    await rm(folder, { recursive: true })
  })
  return { store, slab: join(folder, 'slabs', `slots-${SLOT_BYTES}`) }
}

/** One bit in each of the first `slots` of them. */
async function rot(slab: string, slots: number): Promise<void> {
  await using file = await open(slab, 'r+')
  for (let slot = 0; slot < slots; slot++) {
    const at = slot * SLOT_BYTES + 200_000
    const { buffer } = await file.read(new Uint8Array(1), 0, 1, at)
    await file.write(Uint8Array.of((buffer[0] ?? 0) ^ 0x10), 0, 1, at)
  }
}

it('a storage node finds the bits that its disk lost before others do, and pieces are made in their place', async () => {
  let nowMs = epochOf(Date.now()) * EPOCH_MS
  const network = storageNetwork({ ...systemClock, now: () => nowMs })
  const { store, slab } = await temporaryStore()
  const holder = network.holder({ store })
  const others = [network.holder(), network.holder()]
  const stores = [store, ...others.map(({ context }) => context.store)]
  const publisher = new ObjClient(network.node().context)
  const bytes = systemRandom(FILE_BYTES)
  const { link, cid, manifestId, distribution } = await publisher.put(bytes)
  expect((await distribution.done).status).toBe('done')
  await publisher.stop()
  const held = async (): Promise<number[]> =>
    Promise.all(stores.map(async each => (await each.content(manifestId))?.pieces ?? 0))
  const [before = 0, ...ofOthers] = await held()
  const [relay] = holder.context.relays(decodeHex(cid))
  if (!relay) throw new Error('a network has a relay')
  const known = async () => (await findHolders(holder.context.node, relay, decodeHex(cid), holder.context)).length
  await expect.poll(known, { timeout: 10_000 }).toBe(stores.length)

  const keeper = new HealthKeeper(holder.context)
  onTestFinished(() => keeper.stop())
  expect(await keeper.round()).toMatchObject({ rotten: 0 })
  expect(keeper.stats).toEqual({ ownChecked: before, ownRotten: 0, ownUnreadable: 0 })

  await rot(slab, 2)
  // with room for what will be made: nobody takes more than k
  stores.push(...[network.holder(), network.holder()].map(({ context }) => context.store))
  // late enough in the next epoch for any of them to scan
  nowMs += EPOCH_MS + 2 * TAKEOVER_MS
  const health: SegmentHealth[] = []
  const later = new HealthKeeper(holder.context, { onHealth: (_, __, found) => health.push(found) })
  onTestFinished(() => later.stop())
  const left = before - 2 + ofOthers.reduce((sum, pieces) => sum + pieces, 0)
  const missing = targetPieces(K) - left
  expect(missing).toBeGreaterThanOrEqual(2)
  expect(await later.round()).toMatchObject({ scanned: 1, rotten: 2, repaired: missing })
  expect(later.stats).toEqual({ ownChecked: before, ownRotten: 2, ownUnreadable: 0 })
  expect(health).toMatchObject([{ pieces: left, missing }])
  expect((await held()).reduce((sum, pieces) => sum + pieces, 0)).toBeGreaterThanOrEqual(targetPieces(K))
  expect(await store.verify()).toMatchObject({ lostCount: 0 })
  expect(await new ObjClient(network.node().context).get(link).bytes()).toEqual(bytes)
})
