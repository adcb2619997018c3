/**
 * Defects of libp2p that this folder works around, each shown next to the measure against it. A test here that starts
 * to fail on its first half means that libp2p was mended and the measure can go.
 */
import { noise } from '@chainsafe/libp2p-noise'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../async/index.ts'
import { closeAbortedWebSocket } from './close-aborted-websocket.ts'
import { channelOverStream } from './libp2p-channel.ts'
import type { TransportFactory } from './p2p-options.ts'
import { withUpgradeHook } from './upgrade-hook.ts'

const nodes: Libp2p[] = []

async function start(transport: TransportFactory = webSockets()): Promise<Libp2p> {
  const node = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] },
    transports: [transport],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()]
  })
  nodes.push(node)
  return node
}

afterEach(async () => {
  await Promise.all(nodes.splice(0).map(node => node.stop()))
})

describe('stream.onDrain() never waits after its first drain (@libp2p/utils 7.4)', () => {
  const CHUNK = 64 * 1024
  const TOTAL = 8 * 1024 * 1024

  async function streams(): Promise<{ near: Stream; far: Promise<Stream>; connection: Connection }> {
    const [client, server] = [await start(), await start()]
    const far = Promise.withResolvers<Stream>()
    await server.handle('/drain/1', stream => far.resolve(stream))
    const connection = await client.dial(server.getMultiaddrs())
    return { near: await connection.newStream('/drain/1'), far: far.promise, connection }
  }

  it('a sender that awaits onDrain() buffers without bound', async () => {
    const { near, far } = await streams()
    const received = Promise.withResolvers<void>()
    let bytes = 0
    ;(await far).addEventListener('message', ({ data }) => {
      bytes += data.byteLength
      if (bytes === TOTAL) received.resolve()
    })
    let most = 0
    for (let sent = 0; sent < TOTAL; sent += CHUNK) {
      if (!near.send(new Uint8Array(CHUNK))) await near.onDrain()
      most = Math.max(most, near.writeBufferLength)
    }
    await received.promise
    expect(most).toBeGreaterThan(16 * CHUNK)
  })

  it('a channel leaves at most one batch in the stream', async () => {
    const { near, far, connection } = await streams()
    const sender = channelOverStream(near, connection, CHUNK, systemClock)
    const reader = channelOverStream(await far, connection, CHUNK, systemClock)
    const reading = (async () => {
      let bytes = 0
      for await (const frame of reader.frames()) {
        bytes += frame.length
        if (bytes === TOTAL) break
      }
    })()
    let most = 0
    for (let sent = 0; sent < TOTAL; sent += CHUNK) {
      await sender.send(new Uint8Array(CHUNK))
      most = Math.max(most, near.writeBufferLength)
    }
    await reading
    expect(most).toBeLessThanOrEqual(CHUNK + 4)
  })
})

describe('an aborted WebSocket connection stays open (@libp2p/websockets 10.1)', () => {
  /** The sockets of a connection made with `transport`, after it was aborted. */
  async function abortedSocket(hook: typeof closeAbortedWebSocket): Promise<number> {
    let socket: WebSocket | undefined
    const client = await start(
      withUpgradeHook(webSockets(), (connection, options) => {
        socket = (connection as { websocket?: WebSocket }).websocket
        hook(connection, options)
      })
    )
    const connection = await client.dial((await start()).getMultiaddrs())
    connection.abort(new Error('test'))
    return socket?.readyState ?? -1
  }

  it('as libp2p comes: the socket is open after the abort', async () => {
    expect(await abortedSocket(() => {})).toBe(WebSocket.OPEN)
  })

  it('with the measure: the socket closes', async () => {
    expect(await abortedSocket(closeAbortedWebSocket)).toBe(WebSocket.CLOSING)
  })
})
