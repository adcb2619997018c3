import { describe, expect, it } from 'vitest'
import { storageNetwork } from '../../../test/kit/storage-network.ts'
import { ObjClient } from './obj-client.ts'

/** Bytes that repeat nowhere near. */
function bytes(length: number, seed = 1): Uint8Array {
  const result = new Uint8Array(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    result[i] = state >>> 24
  }
  return result
}

const MIB = 1024 * 1024

describe('storing and retrieving', () => {
  it('gives back on one device what was put on another, after that one is gone', async () => {
    const network = storageNetwork()
    network.holder()
    const publisher = network.node()
    const client = new ObjClient(publisher.context)
    const file = bytes(3 * MIB + 17)
    const { cid, link, distribution, size } = await client.put(file)
    expect(size).toBe(file.length)
    expect((await distribution.done).status).toBe('done')
    await client.stop()
    const reader = new ObjClient(network.node().context)
    expect(await reader.get(link).bytes()).toEqual(file)
    const other = new ObjClient(network.node().context)
    expect(await other.get(cid).bytes()).toEqual(file)
  })
})
