import { noise } from '@chainsafe/libp2p-noise'
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { systemClock, systemRandom } from '../async/index.ts'
import { useWasmCrypto } from '../crypto/index.ts'
import { CraftecError } from '../errors/index.ts'
import { batchWindowUpdates } from './batch-window-updates.ts'
import { parseBootstrap } from './bootstrap-peers.ts'
import { dhtOver, lazyDhtClient, loadDhtServer } from './dht.ts'
import { MAX_WINDOW_BYTES } from './frame-format.ts'
import { gossipOver, loadGossip } from './gossip.ts'
import { Libp2pNode } from './libp2p-node.ts'
import { noiseCrypto } from './noise-crypto.ts'
import type { P2pNode } from './p2p-node.ts'
import type { P2pOptions } from './p2p-options.ts'
import { isPrivateAddress, isPrivateName, loadedFromLoopback } from './private-address.ts'
import { RELAY_LIMITS } from './relay-limits.ts'
import { sealInPlace } from './seal-in-place.ts'
import { detectFeatures, selectTransports, type TransportSet } from './transport-set.ts'

const SEED_BYTES = 32

/** Browsers pay for every connection with memory of the page; relays live from having many. */
const MAX_CONNECTIONS = { browser: 100, node: 1_000 }
/** libp2p's own 5 a second refuses the users behind one NAT, and every local network on one machine. */
const MAX_INBOUND_PER_SECOND = 100
/** Inbound connections whose handshake is not over yet. */
const MAX_PENDING_INBOUND = 100
const MAX_CHANNELS_PER_PEER = 8
/**
 * As much as a channel may have on the way. libp2p's own 16 MiB is more than the 4 MiB it buffers for a reader that pauses, such
 * as a relay before a slow peer: the stream would be aborted instead of held back.
 */
const MAX_STREAM_WINDOW_BYTES = MAX_WINDOW_BYTES

/**
 * Start a libp2p node. Returns as soon as it runs; the connections to the bootstrap peers are made in the background,
 * see {@link P2pNode.state} and {@link P2pNode.whenReady}.
 * @throws CraftecError `invalid-argument` when an option does not parse, `unsupported` when listening fails
 */
export async function createP2pNode(options: P2pOptions): Promise<P2pNode> {
  if (options.seed.length !== SEED_BYTES) {
    throw new CraftecError('invalid-argument', `seed must be ${SEED_BYTES} bytes, got ${options.seed.length}`)
  }
  const { clock = systemClock, random = systemRandom, limits = {} } = options
  const bootstrap = parseBootstrap(options.bootstrap)
  const features = detectFeatures()
  const transportSet = selectTransports(options, features)
  const allowPrivate = options.allowPrivateAddresses ?? loadedFromLoopback()
  const relay = typeof options.relayServer === 'object' ? options.relayServer : {}
  const { maxReservations, maxBytes, maxDurationMs, reservationTtlMs } = { ...RELAY_LIMITS, ...relay }
  // not waited for: links work without it, and get faster the moment it is there; a runtime that refuses it stays slower
  useWasmCrypto().catch(() => {})
  try {
    const [gossip, dht] = await Promise.all([
      options.gossip ? loadGossip() : undefined,
      dhtService(options.dht, allowPrivate)
    ])
    const libp2p = await createLibp2p({
      privateKey: await generateKeyPairFromSeed('Ed25519', options.seed),
      addresses: {
        listen: listenAddresses(options, bootstrap.length, transportSet),
        announce: [...(options.announce ?? [])]
      },
      transports: [...transportSet.factories],
      // Two nodes in one process, CPU µs for a frame of 4 KiB in all, sent alone / in a flood (medians, Node 24.21, Zen 4 under
      // load): libp2p as it comes 603 / 145-167; with this, oneMessagePerWrite and batchWindowUpdates 147-211 / 97-116.
      connectionEncrypters: [sealInPlace(noise({ crypto: noiseCrypto() }))],
      streamMuxers: [batchWindowUpdates(yamux({ streamOptions: { maxStreamWindowSize: MAX_STREAM_WINDOW_BYTES } }))],
      connectionGater: {
        denyDialMultiaddr: async address =>
          !allowPrivate && (isPrivateAddress(address) || (await isPrivateName(address)))
      },
      connectionManager: {
        maxConnections: limits.maxConnections ?? MAX_CONNECTIONS[features.node ? 'node' : 'browser'],
        inboundConnectionThreshold: limits.maxInboundPerSecond ?? MAX_INBOUND_PER_SECOND,
        maxIncomingPendingConnections: MAX_PENDING_INBOUND
      },
      services: {
        identify: identify(),
        ping: ping(),
        ...(gossip ? { gossip } : {}),
        ...(dht ? { dht } : {}),
        ...(options.relayServer
          ? {
              relay: circuitRelayServer({
                reservations: {
                  maxReservations,
                  reservationTtl: reservationTtlMs,
                  defaultDataLimit: maxBytes,
                  defaultDurationLimit: maxDurationMs
                }
              })
            }
          : {})
      }
    })
    const node = new Libp2pNode({
      libp2p,
      gossip: gossip && gossipOver(libp2p.services.gossip),
      dht: dht && dhtOver(libp2p.services.dht, clock),
      transportSet,
      bootstrap,
      reachable: options.reachable ?? false,
      maxChannelsPerPeer: limits.maxChannelsPerPeer ?? MAX_CHANNELS_PER_PEER,
      clock,
      random
    })
    await node.start()
    return node
  } catch (cause) {
    throw CraftecError.from(cause, 'unsupported', 'the P2P node did not start; check the listen addresses')
  }
}

async function dhtService(
  wish: P2pOptions['dht'],
  allowPrivate: boolean
): Promise<ReturnType<typeof lazyDhtClient> | undefined> {
  if (wish === undefined) return undefined
  return wish === 'server' ? loadDhtServer(allowPrivate) : lazyDhtClient(allowPrivate)
}

/** Relays to hold a reservation on: two, so that losing one does not make the node unreachable. */
const RESERVATIONS = 2

function listenAddresses(options: P2pOptions, relays: number, { available }: TransportSet): string[] {
  const listen = [...(options.listen ?? [])]
  if (!options.reachable) return listen
  for (let i = 0; i < Math.min(RESERVATIONS, Math.max(1, relays)); i++) listen.push('/p2p-circuit')
  if (available.includes('webrtc')) listen.push('/webrtc')
  return listen
}
