import { randomBytes } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import { createP2pNode } from './create-p2p-node.ts'
import type { GossipMessage } from './gossip.ts'
import type { P2pNode } from './p2p-node.ts'
import type { P2pOptions } from './p2p-options.ts'

const LISTEN = ['/ip4/127.0.0.1/tcp/0/ws']
const nodes: P2pNode[] = []

async function start(options: Partial<P2pOptions> = {}): Promise<P2pNode> {
  const node = await createP2pNode({
    seed: new Uint8Array(randomBytes(32)),
    bootstrap: [],
    allowPrivateAddresses: true,
    ...options
  })
  nodes.push(node)
  return node
}

/** A hub that listens, and clients that know only it. */
async function star(
  options: Partial<P2pOptions>,
  hubOptions: Partial<P2pOptions> = options
): Promise<[P2pNode, P2pNode, P2pNode]> {
  const hub = await start({ ...hubOptions, listen: LISTEN })
  const clients = await Promise.all([
    start({ ...options, bootstrap: hub.addresses() }),
    start({ ...options, bootstrap: hub.addresses() })
  ])
  await Promise.all(clients.map(client => client.whenReady()))
  return [hub, ...(clients as [P2pNode, P2pNode])]
}

afterEach(async () => {
  await Promise.all(nodes.splice(0).map(node => node.stop()))
})

it('has neither unless asked', async () => {
  const node = await start()
  expect([node.gossip, node.dht]).toEqual([undefined, undefined])
})

it('gossips from one client to another through a node they share, signed by who spoke', async () => {
  const [hub, speaker, listener] = await star({ gossip: true })
  const heard: GossipMessage[] = []
  hub.gossip?.subscribe('news', () => {})
  listener.gossip?.subscribe('news', message => heard.push(message))
  // Subscriptions travel by gossip too: speak on until word of the listener has reached the hub.
  let said = 0
  await expect
    .poll(
      async () => {
        await speaker.gossip?.publish('news', new Uint8Array([said++]))
        return heard.length
      },
      { timeout: 12_000 }
    )
    .toBeGreaterThan(0)
  expect(new Set(heard.map(({ from }) => from))).toEqual(new Set([speaker.peerId]))
  expect(heard[0]?.data[0]).toBeLessThan(said)
})

it('refuses topics and messages that are too large, and too many topics', async () => {
  const { gossip } = await start({ gossip: true })
  expect(() => gossip?.subscribe('', () => {})).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  await expect(gossip?.publish('news', new Uint8Array(65_537))).rejects.toMatchObject({ code: 'invalid-argument' })
  const ends = Array.from({ length: 64 }, (_, i) => gossip?.subscribe(`topic ${i}`, () => {}))
  expect(() => gossip?.subscribe('one more', () => {})).toThrow(expect.objectContaining({ code: 'limit-exceeded' }))
  ends[0]?.()
  ends[0]?.()
  expect(() => gossip?.subscribe('one more', () => {})).not.toThrow()
})

it('finds who provides a digest through the DHT', async () => {
  const [, provider, seeker] = await star({ dht: 'client', listen: LISTEN }, { dht: 'server' })
  const digest = new Uint8Array(randomBytes(32))
  // The routing table learns of the server when identify has told its protocols.
  await expect
    .poll(
      () =>
        provider.dht?.provide(digest, { timeoutMs: 5_000 }).then(
          () => 'stored',
          error => error.code
        ),
      { timeout: 15_000 }
    )
    .toBe('stored')
  // who provides must be dialable, and comes with the addresses to dial
  const look = async () => (await seeker.dht?.findProviders(digest, { max: 1, timeoutMs: 10_000 })) ?? []
  await expect
    .poll(async () => (await look()).map(({ peerId }) => peerId), { timeout: 15_000 })
    .toEqual([provider.peerId])
  expect((await look())[0]?.addresses.length).toBeGreaterThan(0)
})

it('answers nonsense and dead ends of the DHT with typed errors', async () => {
  const { dht } = await start({ dht: 'client' })
  await expect(dht?.provide(new Uint8Array(31))).rejects.toMatchObject({ code: 'invalid-argument' })
  await expect(dht?.findProviders(new Uint8Array(32), { max: 0 })).rejects.toMatchObject({ code: 'invalid-argument' })
  await expect(dht?.findProviders(new Uint8Array(32), { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'aborted'
  })
})
