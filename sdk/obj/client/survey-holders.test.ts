import { describe, expect, it } from 'vitest'
import { storageNetwork } from '../../../test/kit/storage-network.ts'
import { targetPieces } from '../coding/index.ts'
import { createMemoryPieceStore } from '../store/index.ts'
import { ObjClient } from './obj-client.ts'

const FILE = Uint8Array.from({ length: 700_000 }, (_, index) => Math.imul(index, 2_654_435_761) >>> 13)
const K = 3

describe('the holders of a content', () => {
  it('are counted by what they prove; tabs, liars and the dead are named and do not count', async () => {
    const network = storageNetwork()
    const rotten = createMemoryPieceStore()
    const read = rotten.readPiece.bind(rotten)
    const [honest, liar, dead] = [network.holder(), network.holder({ store: rotten }), network.holder()]
    const tab = network.holder({ durable: false })
    const publisher = new ObjClient(network.node().context)
    const { link, distribution } = await publisher.put(FILE)
    expect((await distribution.done).status).toBe('done')
    const reader = new ObjClient(network.node().context)
    const look = async () => {
      const { holders } = await reader.holders(link)
      return holders.map(({ audit }) => audit)
    }
    await expect.poll(look, { timeout: 10_000 }).toEqual(Array(4).fill('proven'))
    rotten.readPiece = async (...where) => (await read(...where))?.map(byte => byte ^ 1)
    dead.stop()
    const { holders, health, audited, segments } = await reader.holders(link)
    const byPeer = new Map(holders.map(({ peer, durable, audit }) => [peer, [durable, audit]]))
    expect(byPeer).toEqual(
      new Map([
        [honest.identity.peerId, [true, 'proven']],
        [liar.identity.peerId, [true, 'failed']],
        [dead.identity.peerId, [true, 'unreachable']],
        [tab.identity.peerId, [false, 'proven']]
      ])
    )
    expect([audited, segments]).toEqual([1, 1])
    const counted = holders.find(({ peer }) => peer === honest.identity.peerId)?.pieces ?? 0
    expect(health).toMatchObject({ segment: 0, k: K, holders: 1, pieces: counted, target: targetPieces(K) })
    expect(health?.state).toBe(counted >= K ? 'critical' : 'lost')
  })

  it('of content that nobody else has are none', async () => {
    const client = new ObjClient(storageNetwork().node().context)
    const { link } = await client.put(FILE, { replicas: 0 })
    expect(await client.holders(link)).toMatchObject({ holders: [], health: { state: 'lost', holders: 0 } })
    await expect(client.holders(link, { segments: 0 })).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

describe('the spreading of a content', () => {
  it('gives a small file to every storage peer, each as good as another', async () => {
    const network = storageNetwork()
    const holders = [network.holder(), network.holder(), network.holder()]
    const client = new ObjClient(network.node().context)
    const { distribution, link } = await client.put(new Uint8Array([1, 2, 3]))
    expect(await distribution.done).toEqual({ status: 'done', piecesStored: 3, peers: 3 })
    for (const { context } of holders) expect((await context.store.contents())[0]?.pieces).toBe(1)
    const look = async () => (await client.holders(link)).health
    await expect.poll(look, { timeout: 10_000 }).toMatchObject({ holders: 3, pieces: 3, tolerance: 2 })
  })

  it('is known after a reload, until the content is removed', async () => {
    const network = storageNetwork()
    network.holder()
    const { context } = network.node()
    const first = new ObjClient(context)
    const [spread, kept] = [await first.put(FILE), await first.put(FILE.subarray(9), { replicas: 0 })]
    const done = await spread.distribution.done
    expect(done.status).toBe('done')
    // the note is written after its watchers were told
    await expect.poll(async () => (await first.distribution(spread.manifestId))?.state).toEqual(done)
    await first.stop()
    const second = new ObjClient(context)
    await second.start()
    expect((await second.distribution(spread.manifestId))?.state).toEqual(done)
    expect((await second.distribution(kept.manifestId))?.state).toEqual({ status: 'local' })
    expect(await second.distribution(new Uint8Array(32))).toBeUndefined()
    await second.remove(spread.link)
    await expect.poll(() => second.distribution(spread.manifestId)).toBeUndefined()
    await second.stop()
  })
})
