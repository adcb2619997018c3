/** Private retrieval over a real network: pieces come through circuits, and through nothing else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoBytes } from '../../relay-server/devnet/demo-bytes.ts'
import { type Devnet, startDevnet } from '../../relay-server/devnet/index.ts'
import { createCraftec } from '../../sdk/index.ts'
import { HOLDERS_PROTOCOL, TRANSFER_PROTOCOL } from '../../sdk/obj/index.ts'
import { createP2pNode, type P2pNode, type P2pOptions } from '../../sdk/p2p/index.ts'

const MIB = 1024 * 1024

let devnet: Devnet
beforeAll(async () => {
  devnet = await startDevnet({ relays: 3, exits: 1, storage: 2 })
})
afterAll(() => devnet?.stop())

describe('private retrieval', () => {
  it('asks no relay who holds it, and no holder but through circuits', async () => {
    const file = demoBytes(0, 2 * MIB)
    const publisher = await createCraftec({ bootstrap: devnet.bootstrap, storage: 'memory' })
    const { link, cid, distribution } = await publisher.obj.put(file, { encrypt: true })
    expect(await distribution.done).toMatchObject({ status: 'done', peers: 2 })
    await publisher.stop()

    const opened: string[] = []
    const watched = async (options: P2pOptions): Promise<P2pNode> => {
      const node = await createP2pNode(options)
      const open = node.openChannel.bind(node)
      return Object.assign(node, {
        openChannel: (...args: Parameters<P2pNode['openChannel']>) => {
          opened.push(args[1])
          return open(...args)
        }
      })
    }
    const reader = await createCraftec({ bootstrap: devnet.bootstrap, storage: 'memory', p2p: watched })
    const faults: unknown[] = []
    const bytes = await reader.obj.get(link, { private: true, onFault: fault => faults.push(fault) }).bytes()
    expect(Buffer.compare(bytes, file)).toBe(0)
    expect(faults).toEqual([])
    expect(opened.length).toBeGreaterThan(0)
    expect(opened.filter(protocol => protocol === TRANSFER_PROTOCOL || protocol === HOLDERS_PROTOCOL)).toEqual([])
    // the same reader, openly: the watch does hear it
    expect(Buffer.compare(await reader.obj.get(link, { range: { from: 0, to: 9 } }).bytes(), file.subarray(0, 9))).toBe(
      0
    )
    expect(opened).toContain(TRANSFER_PROTOCOL)
    await expect(reader.obj.get(cid, { private: true }).bytes()).rejects.toMatchObject({ code: 'invalid-argument' })
    await reader.stop()
  })
})
