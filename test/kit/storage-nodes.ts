/** Storage nodes over real WebSockets on loopback, in this process: for peers that must stall, flood and lie. */
import { systemRandom, withDeadline } from '../../sdk/async/index.ts'
import { type Identity, identityFromSeed } from '../../sdk/identity/index.ts'
import {
  announceHoldings,
  createMemoryPieceStore,
  HolderTable,
  loadCodingEngine,
  loadHashEngine,
  type ObjContext,
  objContext,
  type StorageService,
  type StorageServiceOptions,
  serveHolders,
  signHolderRecord,
  startStorageService
} from '../../sdk/obj/index.ts'
import { type Channel, createP2pNode, type P2pNode, type PeerAddresses } from '../../sdk/p2p/index.ts'

export interface LoopbackStorage extends AsyncDisposable {
  /** Somebody who asks: a context of its own. @param parts what is different about it */
  client(parts?: Partial<ObjContext>): Promise<ObjContext>
  /** Keeps pieces for others; known to all as a storage peer. */
  holder(options?: Partial<StorageServiceOptions>, parts?: Partial<ObjContext>): Promise<LoopbackHolder>
  /** Take storage peers out of what everybody knows, as a directory does when a descriptor expires. */
  retire(peerIds: readonly string[]): void
  /** Settles when the relay knows that many holders of a content. @throws CraftecError `timeout` after 30 s */
  announced(contentId: Uint8Array, holders: number): Promise<void>
  /** A peer whose every channel is handled by `behave`. */
  liar(behave: (channel: Channel, identity: Identity) => Promise<void>): Promise<Liar>
}

export interface LoopbackHolder {
  readonly context: ObjContext
  readonly service: StorageService
  /** Nothing of it answers any more, and its links are gone. */
  kill(): Promise<void>
}

export interface Liar {
  readonly peerId: string
  readonly peer: PeerAddresses
  /** Say to the relay that this one holds a content. */
  claim(content: { readonly contentId: Uint8Array; readonly manifestId: Uint8Array }): Promise<void>
}

const ANNOUNCED_MS = 30_000

/** What the relay knows of holders, and a way to wait until it knows enough. */
class WatchedTable extends HolderTable {
  readonly #waiting = new Set<() => void>()

  override put(...record: Parameters<HolderTable['put']>): ReturnType<HolderTable['put']> {
    const result = super.put(...record)
    for (const look of this.#waiting) look()
    return result
  }

  until(isEnough: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = (): void => {
      if (!isEnough()) return
      this.#waiting.delete(look)
      resolve()
    }
    this.#waiting.add(look)
    look()
    return promise
  }
}

/** @param wrap what stands between every node and its channels */
export async function loopbackStorage(
  protocol: string,
  maxFrameBytes: number,
  wrap: (node: ObjContext['node']) => ObjContext['node'] = node => node
): Promise<LoopbackStorage> {
  const ends = new AsyncDisposableStack()
  const [coding, hashing] = await Promise.all([loadCodingEngine(), loadHashEngine()])
  const storagePeers: PeerAddresses[] = []
  const start = async (): Promise<{ node: P2pNode; identity: Identity; peer: PeerAddresses }> => {
    const seed = systemRandom(32)
    const node = await createP2pNode({
      seed,
      bootstrap: [],
      listen: ['/ip4/127.0.0.1/tcp/0/ws'],
      allowPrivateAddresses: true
    })
    ends.defer(() => node.stop())
    return { node, identity: identityFromSeed(seed), peer: { peerId: node.peerId, addresses: node.addresses() } }
  }
  const relay = await start()
  const table = new WatchedTable()
  serveHolders(relay.node, { table })
  const contextOf = (
    { node, identity }: Awaited<ReturnType<typeof start>>,
    parts: Partial<ObjContext> = {}
  ): ObjContext =>
    objContext({
      node: wrap(node),
      store: createMemoryPieceStore(),
      identity,
      nodeIdentity: identity,
      coding,
      hashing,
      relays: () => [relay.peer],
      storagePeers: () => storagePeers,
      ...parts
    })
  return {
    client: async parts => contextOf(await start(), parts),
    holder: async (options, parts) => {
      const started = await start()
      const context = contextOf(started, parts)
      const service = startStorageService(context, { intake: true, durable: true, ...options })
      ends.defer(() => service.stop())
      storagePeers.push(started.peer)
      const kill = async (): Promise<void> => {
        service.stop()
        await started.node.stop()
      }
      return { context, service, kill }
    },
    retire: peerIds => {
      const left = storagePeers.filter(({ peerId }) => !peerIds.includes(peerId))
      storagePeers.splice(0, storagePeers.length, ...left)
    },
    announced: (contentId, holders) =>
      withDeadline({ what: `announcement of ${holders} holders`, timeoutMs: ANNOUNCED_MS }, () =>
        table.until(() => table.find(contentId, holders, Date.now()).length >= holders)
      ),
    liar: async behave => {
      const { node, identity, peer } = await start()
      node.handle(protocol, { maxFrameBytes, maxChannels: 64 }, channel => {
        // it may be cut off at any point: that is what is tested
        behave(channel, identity).catch(() => {})
      })
      return {
        peerId: node.peerId,
        peer,
        claim: async ({ contentId, manifestId }) => {
          const issuedAt = Math.floor(Date.now() / 1000)
          const record = await signHolderRecord(
            {
              contentId,
              manifestId,
              durable: true,
              pieces: 255,
              issuedAt,
              expiresAt: issuedAt + 3600,
              addresses: [...peer.addresses]
            },
            identity
          )
          await announceHoldings(node, relay.peer, [record])
        }
      }
    },
    [Symbol.asyncDispose]: () => ends.disposeAsync()
  }
}
