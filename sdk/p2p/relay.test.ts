import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { CraftecError } from '../errors/index.ts'
import type { Channel } from './channel.ts'
import { createP2pNode } from './create-p2p-node.ts'
import type { P2pNode, P2pState } from './p2p-node.ts'
import type { P2pOptions } from './p2p-options.ts'

const FRAME = { maxFrameBytes: 64 * 1024 }
const nodes: P2pNode[] = []

async function start(options: Partial<P2pOptions>): Promise<P2pNode> {
  const node = await createP2pNode({
    seed: new Uint8Array(randomBytes(32)),
    bootstrap: [],
    allowPrivateAddresses: true,
    // these tests are about relayed connections
    transports: { webrtc: false, 'webrtc-direct': false },
    ...options
  })
  nodes.push(node)
  return node
}

function relay(options: Partial<P2pOptions> = {}): Promise<P2pNode> {
  return start({ listen: ['/ip4/127.0.0.1/tcp/0/ws'], relayServer: true, ...options })
}

async function reachable(server: P2pNode): Promise<P2pNode> {
  const node = await start({ bootstrap: server.addresses(), reachable: true })
  await node.whenReady({ timeoutMs: 15_000 })
  return node
}

function whereabouts(node: P2pNode): { peerId: P2pNode['peerId']; addresses: string[] } {
  return { peerId: node.peerId, addresses: node.addresses() }
}

/** Count what arrives on `/sink/1`; resolves with the bytes when the channel ends. */
function sink(node: P2pNode): Promise<{ bytes: number; error: CraftecError | undefined }> {
  const { promise, resolve } = Promise.withResolvers<{ bytes: number; error: CraftecError | undefined }>()
  node.handle('/sink/1', { ...FRAME, maxChannels: 4 }, async (channel: Channel) => {
    let bytes = 0
    let error: CraftecError | undefined
    try {
      for await (const frame of channel.frames()) bytes += frame.length
    } catch (reason) {
      error = CraftecError.from(reason)
    }
    resolve({ bytes, error })
  })
  return promise
}

afterEach(async () => {
  await Promise.all(nodes.splice(0).map(node => node.stop()))
})

describe('circuit relay', () => {
  it('carries far more than libp2p allows by default (128 KiB)', async () => {
    const server = await relay()
    const callee = await reachable(server)
    const caller = await start({ bootstrap: server.addresses() })
    const received = sink(callee)
    const channel = await caller.openChannel(whereabouts(callee), '/sink/1', FRAME)
    expect(channel.transport).toBe('circuit-relay')
    expect(channel.remoteKey).toEqual(callee.publicKey)
    for (let i = 0; i < 64; i++) await channel.send(new Uint8Array(32 * 1024))
    await channel.close()
    expect(await received).toEqual({ bytes: 64 * 32 * 1024, error: undefined })
  })

  it('uses the relayed connection it has for the next channel', async () => {
    const server = await relay()
    const callee = await reachable(server)
    const caller = await start({ bootstrap: server.addresses() })
    sink(callee)
    await caller.openChannel(whereabouts(callee), '/sink/1', FRAME)
    let connected = 0
    callee.onPeer(() => connected++)
    await caller.openChannel(whereabouts(callee), '/sink/1', FRAME)
    expect(connected).toBe(0)
  })

  it('grants more reservations than libp2p does by default (15)', async () => {
    const server = await relay()
    const clients = await Promise.all(Array.from({ length: 17 }, () => reachable(server)))
    expect(clients.map(client => client.addresses().length > 0)).toEqual(clients.map(() => true))
  })

  it('cuts a relayed connection at its byte limit', async () => {
    const server = await relay({ relayServer: { maxBytes: 256n * 1024n } })
    const callee = await reachable(server)
    const caller = await start({ bootstrap: server.addresses() })
    const received = sink(callee)
    const channel = await caller.openChannel(whereabouts(callee), '/sink/1', FRAME)
    const sending = (async () => {
      for (let i = 0; i < 64; i++) await channel.send(new Uint8Array(32 * 1024))
    })()
    await expect(sending).rejects.toMatchObject({ code: 'link-closed' })
    const { bytes, error } = await received
    expect(bytes).toBeLessThanOrEqual(256 * 1024)
    expect(error?.code).toBe('link-closed')
  })

  it('refuses reservations over its limit, and the client says what it lacks', async () => {
    const server = await relay({ relayServer: { maxReservations: 1 } })
    await reachable(server)
    const late = await start({ bootstrap: server.addresses(), reachable: true })
    const state = await new Promise<P2pState>(resolve => {
      late.onState(state => {
        if (state.status !== 'connecting') resolve(state)
      })
    })
    expect(state).toEqual({ status: 'degraded', why: 'no-reservation' })
  }, 30_000)

  it('a reservation lost with its relay comes back when the relay does', async () => {
    const seed = new Uint8Array(randomBytes(32))
    const first = await relay({ seed })
    const port = /tcp\/(\d+)/.exec(first.addresses()[0] ?? '')?.[1]
    const callee = await reachable(first)
    const before = callee.addresses()
    expect(before.some(address => address.includes('/p2p-circuit'))).toBe(true)

    const lost = new Promise<void>(resolve => callee.onState(({ status }) => status === 'degraded' && resolve()))
    await first.stop()
    await lost
    expect(callee.addresses()).toEqual([])

    const back = new Promise<void>(resolve => callee.onState(({ status }) => status === 'ready' && resolve()))
    const second = await relay({ seed, listen: [`/ip4/127.0.0.1/tcp/${port}/ws`] })
    await back
    expect(callee.addresses()).toEqual(before)
    sink(callee)
    const caller = await start({ bootstrap: second.addresses() })
    const channel = await caller.openChannel(whereabouts(callee), '/sink/1', FRAME)
    expect(channel.transport).toBe('circuit-relay')
  }, 30_000)
})
