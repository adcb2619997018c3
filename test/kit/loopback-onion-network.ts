/** A whole onion network in one process: real nodes over WebSocket on 127.0.0.1, relays, an exit that really dials TCP. */
import { connect as connectSocket } from 'node:net'
import { socketDuplex } from '../../relay-server/egress/socket-duplex.ts'
import { systemClock, systemRandom } from '../../sdk/async/index.ts'
import { CraftecError } from '../../sdk/errors/index.ts'
import { identityFromSeed } from '../../sdk/identity/index.ts'
import { type Descriptor, Directory } from '../../sdk/net/directory/index.ts'
import {
  type CircuitClient,
  type CircuitPath,
  createCircuitClient,
  type ExitBackend,
  type NetRelay,
  OnionLinks,
  startNetRelay
} from '../../sdk/net/node/index.ts'
import { createP2pNode, type P2pNode } from '../../sdk/p2p/index.ts'

export interface LoopbackRelay {
  readonly node: P2pNode
  readonly relay: NetRelay
  readonly descriptor: Descriptor
  /** Circuits of the relay's own, over the links it relays on. */
  readonly client: CircuitClient
  kill(): Promise<void>
}

export interface LoopbackOnionNetwork {
  readonly relays: readonly LoopbackRelay[]
  readonly exit: LoopbackRelay
  readonly directory: Directory
  readonly client: CircuitClient
  /** Over the first `relays` relays to the exit. */
  path(relays: number): CircuitPath
  stop(): Promise<void>
}

/** Dials what it is asked to: tests decide what is reachable by what listens. */
export const loopbackExit: ExitBackend = {
  connect: ({ host, port }, { signal }) =>
    new Promise((resolve, reject) => {
      if (host !== '127.0.0.1') return reject(new CraftecError('exit-refused', 'only 127.0.0.1 here'))
      const socket = connectSocket({ host, port, allowHalfOpen: true })
      const abort = (): void => void socket.destroy()
      signal.addEventListener('abort', abort, { once: true })
      socket.once('connect', () => {
        signal.removeEventListener('abort', abort)
        resolve(socketDuplex(socket, { rate: undefined, clock: systemClock }))
      })
      socket.once('error', cause => reject(new CraftecError('connect-failed', 'the target refused', { cause })))
    })
}

export async function startLoopbackOnionNetwork(relayCount: number): Promise<LoopbackOnionNetwork> {
  const directory = new Directory()
  const relays = await Promise.all(Array.from({ length: relayCount }, () => startRelay(directory, undefined)))
  const exit = await startRelay(directory, loopbackExit)
  const node = await createP2pNode({ seed: systemRandom(32), bootstrap: [], allowPrivateAddresses: true })
  const client = createCircuitClient({ node })
  return {
    relays,
    exit,
    directory,
    client,
    path: count => ({ hops: [...relays.slice(0, count), exit].map(({ descriptor }) => descriptor) }),
    stop: async () => {
      await client.stop()
      await Promise.all([node.stop(), ...[...relays, exit].map(relay => relay.kill())])
    }
  }
}

async function startRelay(directory: Directory, exit: ExitBackend | undefined): Promise<LoopbackRelay> {
  const seed = systemRandom(32)
  const node = await createP2pNode({
    seed,
    bootstrap: [],
    listen: ['/ip4/127.0.0.1/tcp/0/ws'],
    allowPrivateAddresses: true
  })
  const links = new OnionLinks({ node, clock: systemClock, random: systemRandom })
  const published = Promise.withResolvers<Descriptor>()
  const relay = startNetRelay({
    node,
    links,
    identity: identityFromSeed(seed),
    directory,
    description: {
      roles: { relay: true, exit: exit !== undefined, directory: false, storage: false },
      country: 'DE',
      region: '',
      family: [],
      bandwidthKiBps: 10_000,
      priceLamportsPerGiB: 0n,
      exitPorts: exit === undefined ? [] : [{ from: 1, to: 65_535 }]
    },
    publishDescriptor: (bytes, descriptor) => {
      directory.add(bytes, Date.now())
      published.resolve(descriptor)
    },
    ...(exit === undefined ? {} : { exit })
  })
  return {
    node,
    relay,
    descriptor: await published.promise,
    client: createCircuitClient({ node, links }),
    kill: async () => {
      await relay.stop()
      await links.stop()
      await node.stop()
    }
  }
}
