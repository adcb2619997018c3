// @ts-nocheck: what it imports is installed only where it runs
/** One Helia node, found by others through a relay and reached over WebRTC; blocks in memory, no gateways and no public network. */
import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { webRTC } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'
import { randomBytes } from './random-bytes.js'

const DIAL_TIMEOUT_MS = 30_000

let node
let files

globalThis.rival = {
  async open(relay) {
    const addresses = { listen: [`${relay}/p2p-circuit`, '/webrtc'] }
    const libp2p = {
      addresses,
      transports: [webSockets(), circuitRelayTransport(), webRTC()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      // everything here is on loopback, which libp2p refuses to dial in browsers
      connectionGater: { denyDialMultiaddr: () => false },
      // a busy machine takes its time
      connectionManager: { dialTimeout: DIAL_TIMEOUT_MS },
      services: { identify: identify() }
    }
    node = await withBitswap(withLibp2pLight(createHeliaLight(), libp2p)).start()
    files = unixfs(node)
    await node.libp2p.dial(multiaddr(relay))
    return addressOver(node.libp2p)
  },

  async connect(address) {
    await node.libp2p.dial(multiaddr(address))
  },

  async put(bytes) {
    const content = randomBytes(bytes)
    const started = performance.now()
    const cid = await files.addBytes(content)
    return { ref: cid.toString(), ms: performance.now() - started }
  },

  async get(ref, bytes) {
    const started = performance.now()
    let [received, firstByteMs] = [0, 0]
    for await (const chunk of files.cat(CID.parse(ref))) {
      if (received === 0) firstByteMs = performance.now() - started
      received += chunk.length
    }
    if (received !== bytes) throw new Error(`${received} bytes came instead of ${bytes}`)
    return { firstByteMs, ms: performance.now() - started }
  },

  async forget() {
    await node.stop()
  }
}

/** The address at which other pages reach this one, as soon as the relay has given it a place. */
function addressOver(libp2p) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the relay gave no place')), 20_000)
    const look = () => {
      const found = libp2p.getMultiaddrs().find(address => address.toString().includes('/webrtc/'))
      if (found === undefined) return
      clearTimeout(late)
      libp2p.removeEventListener('self:peer:update', look)
      resolve(found.toString())
    }
    libp2p.addEventListener('self:peer:update', look)
    look()
  })
}
