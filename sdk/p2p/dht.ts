import type { Libp2pOptions } from 'libp2p'
import { type Clock, withDeadline } from '../async/index.ts'
import { CraftecError } from '../errors/index.ts'
import type { PeerId } from '../identity/index.ts'
import type { PeerAddresses, WaitOptions } from './p2p-node.ts'

const DHT_PROTOCOL = '/craftec/kad/1.0.0'
/** A look-up asks many peers, one after another where it must. */
const DEFAULT_LOOKUP_MS = 30_000
/** For the peers that are connected already to enter the table. */
const JOIN_MS = 5_000
const DIGEST_BYTES = 32
const DEFAULT_PROVIDERS = 20
const MAX_PROVIDERS = 200
const MAX_ADDRESSES = 16

export interface FindProvidersOptions extends WaitOptions {
  /** Stop after this many. Default 20, at most 200. */
  readonly max?: number
}

/** Who has what: provider records of a Kademlia DHT. What it says is hearsay; whoever is found must prove what they hold. */
export interface Dht {
  /** Tell the peers closest to `digest` (SHA-256, 32 bytes) that this node has it; it must be dialable, or they drop it. @throws CraftecError `invalid-argument` | `timeout` | `aborted` | `link-failed` */
  provide(digest: Uint8Array, options?: WaitOptions): Promise<void>
  /** @throws CraftecError `invalid-argument` | `timeout` (with nobody found) | `aborted` */
  findProviders(digest: Uint8Array, options?: FindProvidersOptions): Promise<PeerAddresses[]>
}

type ServiceFactory = NonNullable<Libp2pOptions['services']>[string]

interface QueryEvent {
  readonly name: string
  readonly providers?: readonly {
    readonly id: { toString(): string }
    readonly multiaddrs: readonly { toString(): string }[]
  }[]
}

/** What of kad-dht is used. */
interface KadService {
  start(): Promise<void>
  stop(): Promise<void>
  readonly routingTable: { add(peer: object, options: { signal: AbortSignal }): Promise<void> }
  provide(key: unknown, options: { signal: AbortSignal }): AsyncIterable<QueryEvent>
  findProviders(key: unknown, options: { signal: AbortSignal }): AsyncIterable<QueryEvent>
}

/** What is needed of a libp2p node to find the peers that it is connected to already. */
interface Components {
  readonly connectionManager: { getConnections(): readonly { readonly remotePeer: object }[] }
  readonly peerStore: { get(peer: object): Promise<{ readonly protocols: readonly string[] }> }
}

/**
 * The service of a node that keeps records for others: it runs from the start. Its code, 71 KB that most pages never need, is loaded here.
 * @param allowPrivate whether private and loopback addresses count
 */
export async function loadDhtServer(allowPrivate: boolean): Promise<ServiceFactory> {
  const create = await kadFactory(false, allowPrivate)
  return components => {
    const kad = create(components)
    return Object.assign(kad as object, { kad: async () => kad }) as ReturnType<ServiceFactory>
  }
}

/** The service of a node that only asks: code and table come with the first question. @param allowPrivate as {@link loadDhtServer} */
export function lazyDhtClient(allowPrivate: boolean): ServiceFactory {
  return components => new LazyKad(components as unknown as Components, allowPrivate) as ReturnType<ServiceFactory>
}

class LazyKad {
  readonly #components: Components
  readonly #allowPrivate: boolean
  #kad: Promise<KadService> | undefined
  #stopped = false

  constructor(components: Components, allowPrivate: boolean) {
    this.#components = components
    this.#allowPrivate = allowPrivate
  }

  start(): void {
    this.#stopped = false
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const kad = this.#kad
    this.#kad = undefined
    await (await kad?.catch(() => undefined))?.stop()
  }

  kad(): Promise<KadService> {
    if (this.#stopped) return Promise.reject(new CraftecError('stopped', 'the P2P node was stopped'))
    this.#kad ??= this.#load()
    this.#kad.catch(() => {
      this.#kad = undefined
    })
    return this.#kad
  }

  async #load(): Promise<KadService> {
    const create = await kadFactory(true, this.#allowPrivate)
    const kad = create(this.#components as unknown as Parameters<ServiceFactory>[0]) as unknown as KadService
    await kad.start()
    // peers that were there before it are not told to a service that comes late
    const { connectionManager, peerStore } = this.#components
    const signal = AbortSignal.timeout(JOIN_MS)
    await Promise.allSettled(
      connectionManager.getConnections().map(async ({ remotePeer }) => {
        const { protocols } = await peerStore.get(remotePeer)
        if (protocols.includes(DHT_PROTOCOL)) await kad.routingTable.add(remotePeer, { signal })
      })
    )
    return kad
  }
}

async function kadFactory(clientMode: boolean, allowPrivate: boolean): Promise<ServiceFactory> {
  const { kadDHT, passthroughMapper, removePrivateAddressesMapper } = await import('@libp2p/kad-dht')
  return kadDHT({
    protocol: DHT_PROTOCOL,
    clientMode,
    peerInfoMapper: allowPrivate ? passthroughMapper : removePrivateAddressesMapper
  }) as unknown as ServiceFactory
}

/** {@link Dht} over the running service. */
export function dhtOver(service: unknown, clock: Clock): Dht {
  const { kad: open } = service as { kad(): Promise<KadService> }
  const kadOf = (): Promise<KadService> => open.call(service)
  return {
    provide: (digest, { signal, timeoutMs = DEFAULT_LOOKUP_MS } = {}) =>
      withDeadline({ signal, timeoutMs, what: 'announcing to the DHT', clock }, async signal => {
        const [key, kad] = await Promise.all([contentKey(digest), kadOf()])
        let stored = 0
        for await (const event of kad.provide(key, { signal })) if (event.name === 'PEER_RESPONSE') stored++
        if (stored === 0) throw new CraftecError('link-failed', 'no peer of the DHT took the announcement')
      }),
    findProviders: async (digest, { signal, timeoutMs = DEFAULT_LOOKUP_MS, max = DEFAULT_PROVIDERS } = {}) => {
      if (!Number.isInteger(max) || max < 1 || max > MAX_PROVIDERS)
        throw new CraftecError('invalid-argument', `max must be 1..${MAX_PROVIDERS}, got ${max}`)
      const found = new Map<PeerId, readonly string[]>()
      const list = (): PeerAddresses[] => [...found].map(([peerId, addresses]) => ({ peerId, addresses }))
      try {
        return await withDeadline({ signal, timeoutMs, what: 'look-up in the DHT', clock }, async signal => {
          const [key, kad] = await Promise.all([contentKey(digest), kadOf()])
          for await (const { providers = [] } of kad.findProviders(key, { signal })) {
            for (const { id, multiaddrs } of providers) {
              if (found.size < max) found.set(id.toString() as PeerId, multiaddrs.slice(0, MAX_ADDRESSES).map(String))
            }
            if (found.size >= max) break
          }
          return list()
        })
      } catch (error) {
        // A walk that has not ended is no failure when it has found somebody.
        if (error instanceof CraftecError && error.code === 'timeout' && found.size > 0) return list()
        throw CraftecError.from(error, 'link-failed')
      }
    }
  }
}

/** The digest as the DHT's key: a CIDv1 of raw bytes. */
async function contentKey(digest: Uint8Array): Promise<unknown> {
  if (digest.length !== DIGEST_BYTES)
    throw new CraftecError('invalid-argument', `a digest has ${DIGEST_BYTES} bytes, got ${digest.length}`)
  const [{ CID }, { create }] = await Promise.all([import('multiformats/cid'), import('multiformats/hashes/digest')])
  const SHA2_256 = 0x12
  const RAW = 0x55
  return CID.createV1(RAW, create(SHA2_256, digest))
}
