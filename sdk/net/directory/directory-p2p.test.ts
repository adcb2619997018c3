import { afterEach, describe, expect, it } from 'vitest'
import { makeNode, TEST_NOW_MS } from '../../../test/vectors/craftnet-descriptor.ts'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import { type Clock, systemClock, systemRandom } from '../../async/index.ts'
import { createP2pNode, type P2pNode } from '../../p2p/index.ts'
import { announceDescriptor, Directory, serveDirectory, syncDirectory } from './index.ts'

const clock: Clock = { ...systemClock, now: () => TEST_NOW_MS }
const nodes: P2pNode[] = []

async function start(options: { listen?: string[]; bootstrap?: string[] }): Promise<P2pNode> {
  const node = await createP2pNode({
    seed: systemRandom(32),
    bootstrap: options.bootstrap ?? [],
    listen: options.listen ?? [],
    allowPrivateAddresses: true
  })
  nodes.push(node)
  return node
}

afterEach(async () => {
  await Promise.all(nodes.splice(0).map(node => node.stop()))
})

describe('the directory over WebSocket', () => {
  it('carries 300 long descriptors over several full pages, and an announcement back', async () => {
    const server = await start({ listen: ['/ip4/127.0.0.1/tcp/0/ws'] })
    const client = await start({ bootstrap: server.addresses() })
    const peer = { peerId: server.peerId, addresses: server.addresses() }

    const random = seededRandom('websocket')
    const long = {
      addresses: Array.from({ length: 8 }, (_, index) => `/dns4/${'a'.repeat(200)}${index}.test/tcp/443/wss`)
    }
    const signed = await Promise.all(Array.from({ length: 300 }, () => makeNode(random, long).sign()))
    const theirs = new Directory()
    for (const bytes of signed) theirs.add(bytes, TEST_NOW_MS)
    const stop = serveDirectory(server, theirs, { clock })

    const ours = new Directory()
    expect(await syncDirectory(client, peer, ours, { clock })).toMatchObject({ taken: 300, refused: 0 })
    expect(ours.signedBytes(TEST_NOW_MS)).toEqual(signed)

    const self = await makeNode(random).sign()
    expect(await announceDescriptor(client, peer, self, { clock })).toBe('taken')
    expect(theirs.size).toBe(301)

    stop()
    await expect(announceDescriptor(client, peer, self, { clock, timeoutMs: 3000 })).rejects.toMatchObject({
      code: 'link-failed'
    })
  })
})
