/** Disks that are full from a drawn moment on: of holders, of who reads, of who puts. What was acknowledged stays, and reading goes on. */
import { describe, expect, it } from 'vitest'
import { demoBytes } from '../../relay-server/devnet/demo-bytes.ts'
import { CraftecError } from '../../sdk/errors/index.ts'
import { createMemoryPieceStore, ObjClient, type PieceStore } from '../../sdk/obj/index.ts'
import { chaosRandom, chaosRounds } from '../kit/chaos.ts'
import { storageNetwork } from '../kit/storage-network.ts'

const HOLDERS = 12
const FILE_BYTES = 1_300_001
const ROUNDS = chaosRounds({ ordinary: 1, long: 20 })

/** A store in memory that has room for so many writes. */
function storeWithRoom(writes: number): PieceStore {
  const store = createMemoryPieceStore()
  const put = store.putPieces.bind(store)
  let left = writes
  store.putPieces = async (...what) => {
    if (left-- <= 0) throw new CraftecError('storage-full', 'no room is left; nothing was changed')
    return put(...what)
  }
  return store
}

describe.each(Array.from({ length: ROUNDS }, (_, round) => round))('full disks, round %i', round => {
  const random = chaosRandom(`obj-full-disks ${round}`)
  const below = (limit: number): number => Math.floor(random() * limit)
  const bytes = demoBytes(below(1_000_000), FILE_BYTES)

  it('of holders leave the others with enough to read from', async () => {
    const network = storageNetwork()
    const full = 1 + below(6)
    const holders = Array.from({ length: HOLDERS }, (_, place) =>
      network.holder(place < full ? { store: storeWithRoom(0) } : {})
    )
    const publisher = new ObjClient(network.node().context)
    const { link, manifestId, distribution } = await publisher.put(bytes)
    const state = await new Promise<string>(resolve => {
      distribution.onState(({ status, ...rest }) => {
        if (status === 'waiting' && 'why' in rest) resolve(rest.why)
        if (status === 'done') resolve(status)
      })
    })
    expect(state).toBe('refused')
    await publisher.stop()
    for (const [place, { context }] of holders.entries()) {
      const held = (await context.store.content(manifestId))?.pieces ?? 0
      if (place < full) expect(held).toBe(0)
      else expect(held).toBeGreaterThan(0)
    }
    const reader = new ObjClient(network.node().context)
    expect(Buffer.compare(await reader.get(link).bytes(), bytes), `${full} of ${HOLDERS} full`).toBe(0)
    await reader.stop()
  })

  it('of who reads cost what would have been kept, and not a byte of what is read', async () => {
    const network = storageNetwork()
    for (let place = 0; place < 3; place++) network.holder()
    const publisher = new ObjClient(network.node().context)
    const { link, distribution } = await publisher.put(bytes)
    expect(await distribution.done).toMatchObject({ status: 'done' })
    await publisher.stop()
    const reader = new ObjClient(network.node(storeWithRoom(0)).context)
    expect(Buffer.compare(await reader.get(link).bytes(), bytes)).toBe(0)
    await reader.stop()
  })

  it('of who puts fail the put and nothing that was put before, and with room it passes', async () => {
    const network = storageNetwork()
    const store = createMemoryPieceStore()
    const put = store.putPieces.bind(store)
    let room = Number.POSITIVE_INFINITY
    store.putPieces = async (...what) => {
      if (room-- <= 0) throw new CraftecError('storage-full', 'no room is left; nothing was changed')
      return put(...what)
    }
    const client = new ObjClient(network.node(store).context)
    const { link } = await client.put(bytes, { replicas: 0 })
    const { bytes: before } = await store.usage()
    room = below(2)
    await expect(client.put(demoBytes(7, 12_000_000), { replicas: 0 })).rejects.toMatchObject({ code: 'storage-full' })
    expect((await store.usage()).bytes).toBe(before)
    expect(await store.contents()).toHaveLength(1)
    room = Number.POSITIVE_INFINITY
    expect(Buffer.compare(await client.get(link).bytes(), bytes)).toBe(0)
    const { link: next } = await client.put(demoBytes(7, FILE_BYTES), { replicas: 0 })
    expect(Buffer.compare(await client.get(next).bytes(), demoBytes(7, FILE_BYTES))).toBe(0)
    await client.stop()
  })
})
