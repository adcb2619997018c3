import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { CraftecError } from '../errors/index.ts'
import { publicKeyFromPeerId } from '../identity/index.ts'
import type { Channel } from './channel.ts'
import { createP2pNode } from './create-p2p-node.ts'
import type { P2pNode } from './p2p-node.ts'
import type { P2pOptions } from './p2p-options.ts'

const LISTEN = ['/ip4/127.0.0.1/tcp/0/ws']
const FRAME = { maxFrameBytes: 64 * 1024 }
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

async function pair(): Promise<{ server: P2pNode; client: P2pNode }> {
  const server = await start({ listen: LISTEN })
  const client = await start({ bootstrap: server.addresses() })
  await client.whenReady()
  return { server, client }
}

function whereabouts(node: P2pNode): { peerId: P2pNode['peerId']; addresses: string[] } {
  return { peerId: node.peerId, addresses: node.addresses() }
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    error => (error instanceof CraftecError ? error.code : `not a CraftecError: ${error}`)
  )
}

afterEach(async () => {
  await Promise.all(nodes.splice(0).map(node => node.stop()))
})

describe('P2pNode over WebSocket', () => {
  it('derives its peer id from the seed, and knows who is at the other end', async () => {
    const { server, client } = await pair()
    const inbound = Promise.withResolvers<Channel>()
    server.handle('/test/1', { ...FRAME, maxChannels: 4 }, inbound.resolve)
    const channel = await client.openChannel(whereabouts(server), '/test/1', FRAME)
    expect(publicKeyFromPeerId(server.peerId)).toEqual(server.publicKey)
    expect(channel.remotePeer).toBe(server.peerId)
    expect(channel.remoteKey).toEqual(server.publicKey)
    expect(channel.transport).toBe('websocket')
    expect(channel.direction).toBe('outbound')
    expect((await inbound.promise).remoteKey).toEqual(client.publicKey)
    expect((await inbound.promise).direction).toBe('inbound')
  })

  it('carries 8 MB both ways at once, in order and complete', async () => {
    const { server, client } = await pair()
    server.handle('/echo/1', { ...FRAME, maxChannels: 4 }, async channel => {
      for await (const frame of channel.frames()) await channel.send(frame)
    })
    const channel = await client.openChannel(whereabouts(server), '/echo/1', FRAME)
    const total = 4_000
    const writing = (async () => {
      const frame = new Uint8Array(2_000)
      for (let i = 0; i < total; i++) {
        new DataView(frame.buffer).setUint32(0, i)
        await channel.send(frame)
      }
    })()
    let received = 0
    for await (const frame of channel.frames()) {
      expect(new DataView(frame.buffer).getUint32(0)).toBe(received)
      if (++received === total) break
    }
    await writing
    await channel.close()
    expect(await channel.closed).toBeUndefined()
  }, 20_000)

  it('measures a round trip', async () => {
    const { server, client } = await pair()
    const ms = await client.ping(server.peerId)
    expect(ms).toBeGreaterThan(0)
    expect(ms).toBeLessThan(1_000)
  })

  it('refuses inbound channels over the limits, per peer and in all', async () => {
    const server = await start({ listen: LISTEN, limits: { maxChannelsPerPeer: 2 } })
    const [one, two] = [await start(), await start()]
    const accepted: Channel[] = []
    server.handle('/few/1', { ...FRAME, maxChannels: 3 }, channel => {
      accepted.push(channel)
      channel.trySend(new Uint8Array([1]))
    })
    const open = async (node: P2pNode): Promise<boolean> => {
      const channel = await node.openChannel(whereabouts(server), '/few/1', FRAME)
      return (await codeOf(channel.frames().next())) === 'no error'
    }
    expect([await open(one), await open(one), await open(one)]).toEqual([true, true, false])
    expect([await open(two), await open(two)]).toEqual([true, false])
    await accepted[0]?.close()
    expect(await open(two)).toBe(true)
  })

  it('says which kind of failure it was', async () => {
    const { server, client } = await pair()
    const stranger = await start({ listen: LISTEN })
    const away = whereabouts(stranger)
    await stranger.stop()
    expect(await codeOf(client.openChannel(away, '/x/1', FRAME))).toBe('link-failed')
    expect(await codeOf(client.openChannel(whereabouts(server), '/unknown/1', FRAME))).toBe('link-failed')
    expect(await codeOf(client.ping(stranger.peerId))).toBe('link-failed')
    expect(await codeOf(createP2pNode({ seed: new Uint8Array(31), bootstrap: [] }))).toBe('invalid-argument')
    expect(await codeOf(createP2pNode({ seed: new Uint8Array(32), bootstrap: ['/ip4/1.2.3.4'] }))).toBe(
      'invalid-argument'
    )
    await client.stop()
    expect(await codeOf(client.openChannel(whereabouts(server), '/x/1', FRAME))).toBe('stopped')
  })

  it('does not dial private addresses unless it may', async () => {
    const server = await start({ listen: LISTEN })
    const careful = await start({ allowPrivateAddresses: false })
    expect(await codeOf(careful.openChannel(whereabouts(server), '/x/1', FRAME))).toBe('link-failed')
  })

  it('ends the channels of both sides when it stops', async () => {
    const { server, client } = await pair()
    const inbound = Promise.withResolvers<Channel>()
    server.handle('/test/1', { ...FRAME, maxChannels: 4 }, inbound.resolve)
    const channel = await client.openChannel(whereabouts(server), '/test/1', FRAME)
    const remote = await inbound.promise
    await client.stop()
    expect((await channel.closed)?.code).toBe('stopped')
    expect((await remote.closed)?.code).toBe('link-closed')
    expect(client.state).toEqual({ status: 'stopped' })
    await client.stop()
  })
})

describe('bootstrap', () => {
  it('is ready at once without bootstrap peers', async () => {
    expect((await start()).state).toEqual({ status: 'ready' })
  })

  it('an unreachable bootstrap peer is an error of its own, soon, never a hang', async () => {
    const gone = await start({ listen: LISTEN })
    const bootstrap = gone.addresses()
    await gone.stop()
    const node = await start({ bootstrap })
    expect(await codeOf(node.whenReady())).toBe('bootstrap-unreachable')
    expect(node.state).toEqual({ status: 'degraded', why: 'bootstrap-unreachable' })
    expect(await codeOf(node.openChannel(whereabouts(gone), '/x/1', FRAME))).not.toBe('no error')
  })

  it('comes back by itself when the bootstrap peer does', async () => {
    const seed = new Uint8Array(randomBytes(32))
    const first = await start({ seed, listen: LISTEN })
    const bootstrap = first.addresses()
    const port = /tcp\/(\d+)/.exec(bootstrap[0] ?? '')?.[1]
    const node = await start({ bootstrap })
    await node.whenReady()
    const states: string[] = []
    const again = Promise.withResolvers<void>()
    node.onState(state => {
      states.push(state.status)
      if (state.status === 'ready') again.resolve()
    })
    await first.stop()
    await start({ seed, listen: [`/ip4/127.0.0.1/tcp/${port}/ws`] })
    await again.promise
    expect(states[0]).toBe('degraded')
  }, 15_000)
})
