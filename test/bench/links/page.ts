/** The measuring end, in a page of its own: one P2P node per transport, each with one connection. */
import type { Stream } from '@libp2p/interface'
import { systemRandom } from '../../../sdk/async/index.ts'
import { type Channel, createP2pNode, type P2pNode, type PeerAddresses } from '../../../sdk/p2p/index.ts'
import { Libp2pNode } from '../../../sdk/p2p/libp2p-node.ts'
import {
  CHANNEL_ECHO,
  CHANNEL_SINK,
  CHANNEL_STALL,
  DIALS,
  ECHO_BYTES,
  type Kind,
  MAX_FRAME_BYTES,
  MESSAGE_BYTES,
  RAW_SINK,
  ROUND_BYTES,
  STALL_BYTES
} from './kinds.ts'
import { respond } from './responder.ts'

export interface Target {
  readonly peer: PeerAddresses
  readonly bootstrap: readonly string[]
}

export interface LinksParameters {
  readonly targets: Readonly<Partial<Record<Kind, Target>>>
  /** A plain WebSocket server: answers a round of bytes with one message, and echoes short messages. */
  readonly webSocketUrl: string
}

let parameters: LinksParameters | undefined
const nodes = new Map<Kind, Promise<P2pNode>>()
const channels = new Map<string, Promise<Channel>>()
const streams = new Map<Kind, Promise<Stream>>()
let webSocket: Promise<WebSocket> | undefined

function given(): LinksParameters {
  if (parameters === undefined) throw new Error('configure first')
  return parameters
}

function target(kind: Kind): Target {
  const found = given().targets[kind]
  if (found === undefined) throw new Error(`nobody listens on ${kind}`)
  return found
}

async function startNode(kind: Kind): Promise<P2pNode> {
  const { bootstrap } = target(kind)
  const node = await createP2pNode({
    seed: systemRandom(32),
    bootstrap,
    // whatever could connect by a shorter way is switched off
    transports: kind === 'circuit-relay' ? { webrtc: false, 'webrtc-direct': false } : {}
  })
  await node.whenReady()
  return node
}

function once<Key, Value>(map: Map<Key, Promise<Value>>, key: Key, make: () => Promise<Value>): Promise<Value> {
  const made = map.get(key) ?? make()
  map.set(key, made)
  return made
}

const nodeOf = (kind: Kind): Promise<P2pNode> => once(nodes, kind, () => startNode(kind))

async function openChannel(node: P2pNode, kind: Kind, protocol: string): Promise<Channel> {
  const channel = await node.openChannel(target(kind).peer, protocol, { maxFrameBytes: MAX_FRAME_BYTES })
  if (channel.transport !== kind) throw new Error(`asked for ${kind}, connected over ${channel.transport}`)
  return channel
}

const channelOf = (kind: Kind, protocol: string): Promise<Channel> =>
  once(channels, `${kind} ${protocol}`, async () => openChannel(await nodeOf(kind), kind, protocol))

async function nextFrame(channel: Channel): Promise<void> {
  const frames = channel.frames()
  await frames.next()
  await frames.return?.()
}

const event = (target: EventTarget, name: string): Promise<Event> =>
  new Promise((resolve, reject) => {
    target.addEventListener(name, resolve, { once: true })
    target.addEventListener('close', () => reject(new Error('closed')), { once: true })
  })

const megabytesPerSecond = (sinceMs: number): number => ROUND_BYTES / 1_000 / (performance.now() - sinceMs)

const links = {
  /** Be the far end for other pages. */
  async serve(bootstrap: readonly string[]): Promise<PeerAddresses> {
    const node = await createP2pNode({ seed: systemRandom(32), bootstrap, reachable: true })
    await respond(node)
    await node.whenReady({ timeoutMs: 20_000 })
    return { peerId: node.peerId, addresses: node.addresses() }
  },

  configure(value: LinksParameters): void {
    parameters = value
  },

  /** From a node that runs to the first channel. */
  async connectMs(kind: Kind): Promise<number> {
    const node = await startNode(kind)
    try {
      const started = performance.now()
      await openChannel(node, kind, CHANNEL_ECHO)
      return performance.now() - started
    } finally {
      await node.stop()
    }
  },

  async channelThroughput(kind: Kind): Promise<number> {
    const channel = await channelOf(kind, CHANNEL_SINK)
    const message = new Uint8Array(MESSAGE_BYTES)
    const started = performance.now()
    for (let sent = 0; sent < ROUND_BYTES; sent += MESSAGE_BYTES) await channel.send(message)
    await nextFrame(channel)
    return megabytesPerSecond(started)
  },

  async rawThroughput(kind: Kind): Promise<number> {
    const stream = await once(streams, kind, async () => {
      await channelOf(kind, CHANNEL_SINK)
      const node = await nodeOf(kind)
      if (!(node instanceof Libp2pNode)) throw new Error('this suite compares with the libp2p node below')
      const connection = node.libp2p
        .getConnections()
        .find(
          ({ remotePeer, direct }) =>
            `${remotePeer}` === target(kind).peer.peerId && direct === (kind !== 'circuit-relay')
        )
      if (connection === undefined) throw new Error('not connected')
      return connection.newStream(RAW_SINK, { runOnLimitedConnection: true })
    })
    const message = new Uint8Array(MESSAGE_BYTES)
    const answered = event(stream, 'message')
    const started = performance.now()
    for (let sent = 0; sent < ROUND_BYTES; sent += MESSAGE_BYTES) {
      if (!stream.send(message)) await event(stream, 'drain')
    }
    await answered
    return megabytesPerSecond(started)
  },

  async roundTripMs(kind: Kind): Promise<number[]> {
    const channel = await channelOf(kind, CHANNEL_ECHO)
    const message = new Uint8Array(ECHO_BYTES)
    const samples: number[] = []
    for (let i = 0; i < 30; i++) {
      const started = performance.now()
      await channel.send(message)
      await nextFrame(channel)
      samples.push(performance.now() - started)
    }
    return samples
  },

  async webSocketConnectMs(): Promise<number> {
    const started = performance.now()
    const socket = new WebSocket(given().webSocketUrl)
    await event(socket, 'open')
    const ms = performance.now() - started
    socket.close()
    return ms
  },

  async webSocketThroughput(): Promise<number> {
    const socket = await plainWebSocket()
    const message = new Uint8Array(MESSAGE_BYTES)
    const answered = event(socket, 'message')
    const started = performance.now()
    for (let sent = 0; sent < ROUND_BYTES; sent += MESSAGE_BYTES) socket.send(message)
    await answered
    return megabytesPerSecond(started)
  },

  async webSocketRoundTripMs(): Promise<number[]> {
    const socket = await plainWebSocket()
    const samples: number[] = []
    for (let i = 0; i < 30; i++) {
      const answered = event(socket, 'message')
      const started = performance.now()
      socket.send(new Uint8Array(ECHO_BYTES))
      await answered
      samples.push(performance.now() - started)
    }
    return samples
  },

  /** Dial a page again and again, each time from nothing but a relay; how many dials got a WebRTC connection. */
  async dials(): Promise<number> {
    const node = await startNode('webrtc')
    if (!(node instanceof Libp2pNode)) throw new Error('this suite needs the libp2p node below')
    let connected = 0
    try {
      for (let i = 0; i < DIALS; i++) {
        try {
          await openChannel(node, 'webrtc', CHANNEL_ECHO)
          connected++
        } catch (error) {
          console.error(`dial ${i}: ${error}`)
        }
        for (const connection of node.libp2p.getConnections()) {
          if (`${connection.remotePeer}` === target('webrtc').peer.peerId) await connection.close()
        }
      }
    } finally {
      await node.stop()
    }
    return connected
  },

  /** Send to a reader that stalls; the bytes it was made to hold, in MiB. Throws when the channel breaks. */
  async stalledMiB(kind: Kind): Promise<number> {
    const channel = await openChannel(await nodeOf(kind), kind, CHANNEL_STALL)
    let taken = 0
    const sending = (async () => {
      for (; taken < STALL_BYTES; taken += MESSAGE_BYTES) await channel.send(new Uint8Array(MESSAGE_BYTES))
    })()
    await nextFrame(channel)
    const unread = taken
    await sending
    await nextFrame(channel)
    await channel.close()
    return unread / 2 ** 20
  }
}

function plainWebSocket(): Promise<WebSocket> {
  webSocket ??= (async () => {
    const socket = new WebSocket(given().webSocketUrl)
    await event(socket, 'open')
    return socket
  })()
  return webSocket
}

export type LinksPage = typeof links
Object.assign(globalThis, { links })
