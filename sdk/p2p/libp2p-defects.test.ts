/**
 * Defects of libp2p that this folder works around, each shown next to the measure against it. A test here that starts
 * to fail on its first half means that libp2p was mended and the measure can go.
 */

import { noise } from '@chainsafe/libp2p-noise'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../async/index.ts'
import { batchWindowUpdates } from './batch-window-updates.ts'
import { closeAbortedWebSocket } from './close-aborted-websocket.ts'
import { channelOverStream } from './libp2p-channel.ts'
import { oneMessagePerWrite } from './one-message-per-write.ts'
import type { TransportFactory } from './p2p-options.ts'
import { type UpgradeHook, withUpgradeHook } from './upgrade-hook.ts'

type MuxerFactory = NonNullable<Libp2pOptions['streamMuxers']>[number]

const nodes: Libp2p[] = []

async function start(transport: TransportFactory = webSockets(), muxer: MuxerFactory = yamux()): Promise<Libp2p> {
  const node = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] },
    transports: [transport],
    connectionEncrypters: [noise()],
    streamMuxers: [muxer]
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
    const sender = channelOverStream(near, connection, { maxFrameBytes: CHUNK }, systemClock)
    const reader = channelOverStream(await far, connection, { maxFrameBytes: CHUNK }, systemClock)
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

describe('messages of a link (@libp2p/websockets 10.1, @libp2p/yamux 8.0)', () => {
  const FRAMES = 200
  const FRAME_BYTES = 4096

  /** WebSocket messages there and back while frames go, one after the other, from a client to a server. */
  async function messages(hook: UpgradeHook, muxer: () => MuxerFactory): Promise<{ there: number; back: number }> {
    const count = { there: 0, back: 0 }
    const client = await start(
      withUpgradeHook(webSockets(), (connection, options) => {
        hook(connection, options)
        const { websocket } = connection as { websocket?: WebSocket }
        if (websocket === undefined) return
        const send = websocket.send.bind(websocket)
        websocket.send = data => {
          count.there++
          send(data)
        }
        websocket.addEventListener('message', () => count.back++)
      })
    )
    const server = await start(webSockets(), muxer())
    let bytes = 0
    let arrived = Promise.withResolvers<void>()
    await server.handle('/count/1', stream => {
      stream.addEventListener('message', ({ data }) => {
        bytes += data.byteLength
        if (bytes % FRAME_BYTES === 0) arrived.resolve()
      })
    })
    const connection = await client.dial(server.getMultiaddrs())
    const stream = await connection.newStream('/count/1')
    const send = async (): Promise<void> => {
      arrived = Promise.withResolvers()
      stream.send(new Uint8Array(FRAME_BYTES))
      await arrived.promise
    }
    await send() // identify and the stream's own negotiation are over
    Object.assign(count, { there: 0, back: 0 })
    for (let i = 0; i < FRAMES; i++) await send()
    return { ...count }
  }

  it('as libp2p comes: two for a frame, and two back', async () => {
    const { there, back } = await messages(() => {}, yamux)
    expect(there).toBeGreaterThanOrEqual(2 * FRAMES)
    expect(back).toBeGreaterThan(1.9 * FRAMES)
  })

  it('with the measures: one for a frame, and almost none back', async () => {
    const { there, back } = await messages(oneMessagePerWrite, () => batchWindowUpdates(yamux()))
    expect(there).toBeLessThan(1.2 * FRAMES)
    expect(back).toBeLessThan(0.3 * FRAMES)
  })

  it('a transfer far beyond the first window arrives whole when updates come in steps', async () => {
    const [client, server] = [
      await start(webSockets(), batchWindowUpdates(yamux())),
      await start(webSockets(), batchWindowUpdates(yamux()))
    ]
    const TOTAL = 8 * 1024 * 1024
    let bytes = 0
    const received = Promise.withResolvers<void>()
    await server.handle('/bulk/1', stream => {
      stream.addEventListener('message', ({ data }) => {
        bytes += data.byteLength
        if (bytes === TOTAL) received.resolve()
      })
    })
    const connection = await client.dial(server.getMultiaddrs())
    const stream = await connection.newStream('/bulk/1')
    for (let sent = 0; sent < TOTAL; sent += 100_000) stream.send(new Uint8Array(Math.min(100_000, TOTAL - sent)))
    await received.promise
    expect(bytes).toBe(TOTAL)
  })
})
