import { describe, expect, it } from 'vitest'
import { storageNetwork } from '../../../test/kit/storage-network.ts'
import { systemRandom } from '../../async/index.ts'
import { ObjClient } from './index.ts'

describe('a content of which each holder has little', () => {
  it('is read from as many as it takes, more than are asked at once', async () => {
    const network = storageNetwork()
    const holders = Array.from({ length: 12 }, () => network.holder())
    const bytes = systemRandom(2_000_000)
    const publisher = new ObjClient(network.node().context)
    // eight pieces make it, and each of ten committed ones is somewhere else
    const { link, distribution } = await publisher.put(bytes, { replicas: 1 })
    expect(await distribution.done).toMatchObject({ status: 'done' })
    await publisher.stop()
    const held = holders.map(({ context }) => context.store.contents())
    for (const [content] of await Promise.all(held)) expect(content?.pieces ?? 0).toBeLessThanOrEqual(1)
    const reader = new ObjClient(network.node().context)
    expect(Buffer.compare(await reader.get(link, { idleTimeoutMs: 5_000 }).bytes(), bytes)).toBe(0)
    await reader.stop()
  })
})
