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
import { type Channel, createP2pNode, type P2pOptions } from '../../../sdk/p2p/index.ts'

/** A node with a fresh identity. */
const start = (options: Partial<P2pOptions>) => createP2pNode({ seed: systemRandom(32), bootstrap: [], ...options })

/** libp2p without any of our measures, listening over WebRTC through a relay. */
const raw = () =>
  createLibp2p({
    addresses: { listen: ['/p2p-circuit', '/webrtc'] },
    transports: [webSockets(), webRTC({ rtcConfiguration: { iceServers: [] } }), circuitRelayTransport()],
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

const pageKit = { createP2pNode, fill, multiaddr, raw, start, held: {} as Record<string, unknown> }
export type PageKit = typeof pageKit

declare global {
  var kit: PageKit
}
globalThis.kit = pageKit
