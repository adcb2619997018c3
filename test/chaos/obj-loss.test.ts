/** Storage peers that vanish while content is put, spread and read, over real WebSockets: the bytes come out identical. */
import { describe, expect, it } from 'vitest'
import { demoBytes } from '../../relay-server/devnet/demo-bytes.ts'
import { MAX_TRANSFER_FRAME_BYTES, ObjClient, TRANSFER_PROTOCOL } from '../../sdk/obj/index.ts'
import { loopbackStorage } from '../kit/storage-nodes.ts'
import { seededRandom } from '../vectors/seeded-random.ts'

const FILE_BYTES = 4 * 1024 * 1024 + 11
const HOLDERS = 6
/** Six peers share three pieces for every piece of the content: any three have one and a half times what is needed. */
const SURVIVORS = 3
const FIRST_SEED = Number(process.env.SEED ?? 1)

describe.each([0, 1, 2, 3].map(offset => FIRST_SEED + offset))('with seed %i', seed => {
  const random = seededRandom(`obj-loss ${seed}`)
  const below = (limit: number): number => (random(1)[0] ?? 0) % limit
  /** Some of the holders, never more than may go. */
  const victims = <T>(all: readonly T[]): T[] => {
    const pool = [...all]
    const count = 1 + below(HOLDERS - SURVIVORS)
    return Array.from({ length: count }, () => pool.splice(below(pool.length), 1)[0]).filter(one => one !== undefined)
  }

  it('a get survives the loss of its holders', async () => {
    await using network = await loopbackStorage(TRANSFER_PROTOCOL, MAX_TRANSFER_FRAME_BYTES)
    const holders = await Promise.all(Array.from({ length: HOLDERS }, () => network.holder()))
    const publisher = new ObjClient(await network.client())
    const { link, distribution } = await publisher.put(demoBytes(seed, FILE_BYTES))
    expect(await distribution.done).toMatchObject({ status: 'done', peers: HOLDERS })
    await publisher.stop()
    const reader = new ObjClient(await network.client())
    const after = below(FILE_BYTES)
    let killed = false
    const onProgress = ({ bytes }: { readonly bytes: number }): void => {
      if (killed || bytes < after) return
      killed = true
      for (const { service } of victims(holders)) service.stop()
    }
    const bytes = await reader.get(link, { onProgress }).bytes()
    expect(killed).toBe(true)
    expect(Buffer.compare(bytes, demoBytes(seed, FILE_BYTES))).toBe(0)
    await reader.stop()
  })

  it('a spread survives the loss of peers, and what was acknowledged can be read', async () => {
    await using network = await loopbackStorage(TRANSFER_PROTOCOL, MAX_TRANSFER_FRAME_BYTES)
    const holders = await Promise.all(Array.from({ length: HOLDERS }, () => network.holder()))
    const publisher = new ObjClient(await network.client())
    const { link, manifestId, distribution } = await publisher.put(demoBytes(seed, FILE_BYTES))
    const lost = victims(holders)
    await new Promise<void>(resolve => {
      const after = below(20)
      const end = distribution.onState(state => {
        if (state.status === 'sending' && state.piecesStored < after) return
        end()
        for (const { service } of lost) service.stop()
        resolve()
      })
    })
    // what is left gets its share, however often that takes
    const alive = holders.filter(holder => !lost.includes(holder))
    network.retire(lost.map(({ context }) => context.node.peerId))
    expect(await distribution.done).toMatchObject({ status: 'done' })
    for (const { context } of alive) expect((await context.store.content(manifestId))?.pieces).toBeGreaterThan(0)
    await publisher.stop()
    const reader = new ObjClient(await network.client())
    expect(Buffer.compare(await reader.get(link).bytes(), demoBytes(seed, FILE_BYTES))).toBe(0)
    await reader.stop()
  })
})
