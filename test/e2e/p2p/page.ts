/**
 * What the P2P tests run inside pages and workers. Tests call it through `kit`; nodes and channels stay in the page.
 * `raw` is libp2p as it comes, for showing what goes wrong without the SDK's measures.
 */

import { noise } from '@chainsafe/libp2p-noise'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { webRTC } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { systemRandom } from '../../../sdk/async/index.ts'
import { announcePeerConnectionClose } from '../../../sdk/p2p/announce-peer-connection-close.ts'
import { type Channel, createP2pNode, type P2pOptions } from '../../../sdk/p2p/index.ts'
import { keepInitChannel } from '../../../sdk/p2p/keep-init-channel.ts'
import { type UpgradeHook, withUpgradeHook } from '../../../sdk/p2p/upgrade-hook.ts'

/** A node with a fresh identity. */
const start = (options: Partial<P2pOptions>) => createP2pNode({ seed: systemRandom(32), bootstrap: [], ...options })

/** libp2p with `hooks` as the only measures, listening over WebRTC through a relay. */
const raw = (hooks: UpgradeHook[] = []) =>
  createLibp2p({
    addresses: { listen: ['/p2p-circuit', '/webrtc'] },
    transports: [
      webSockets(),
      hooks.reduce(withUpgradeHook, webRTC({ rtcConfiguration: { iceServers: [] } })),
      circuitRelayTransport()
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    services: { identify: identify(), ping: ping() }
  })

/** Send frames of `frameBytes` until `totalBytes` were sent or nothing more is taken; what was sent. */
async function fill(channel: Channel, frameBytes: number, totalBytes: number): Promise<number> {
  const frame = new Uint8Array(frameBytes)
  let sent = 0
  while (sent < totalBytes) {
    if (!channel.trySend(frame)) await channel.writable()
    else sent += frameBytes
  }
  return sent
}

/** Wait until a raw node listens over WebRTC; its address. */
async function rawAddress(node: Awaited<ReturnType<typeof raw>>, bootstrap: string): Promise<string> {
  const listening = new Promise<string>(resolve => {
    node.addEventListener('transport:listening', () => {
      const address = node.getMultiaddrs().find(address => address.toString().includes('/webrtc'))
      if (address !== undefined) resolve(address.toString())
    })
  })
  await node.dial(multiaddr(bootstrap))
  return listening
}

/** Connections of a raw node that run over WebRTC, closed. */
async function closeWebRtc(node: Awaited<ReturnType<typeof raw>>): Promise<void> {
  const direct = node.getConnections().filter(({ remoteAddr }) => remoteAddr.toString().includes('/webrtc'))
  await Promise.all(direct.map(connection => connection.close()))
}

/** What tests keep in a page between calls. */
interface Held {
  node: Awaited<ReturnType<typeof start>>
  raw: Awaited<ReturnType<typeof raw>>
  channel: Promise<Channel>
  promise: Promise<unknown>
}

const held: Partial<Held> = {}
/** @throws Error when the test did not put `key` there */
function hold<Key extends keyof Held>(key: Key): Held[Key] {
  const value = held[key]
  if (value === undefined) throw new Error(`this page holds no ${key}`)
  return value
}

const pageKit = {
  announcePeerConnectionClose,
  closeWebRtc,
  fill,
  held,
  hold,
  keepInitChannel,
  multiaddr,
  raw,
  rawAddress,
  start
}
export type PageKit = typeof pageKit

declare global {
  var kit: PageKit
}
globalThis.kit = pageKit
