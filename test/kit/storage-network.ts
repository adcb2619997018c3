/** Storage nodes of a network in memory: clients, holders, and relays that know who holds what. */
import { type Clock, systemClock } from '../../sdk/async/index.ts'
import { type Identity, identityFromSeed } from '../../sdk/identity/index.ts'
import {
  createJsEngine,
  createJsHashEngine,
  createMemoryPieceStore,
  type ObjContext,
  objContext,
  type PieceStore,
  type ReceiptBook,
  type StorageServiceOptions,
  serveHolders,
  startStorageService
} from '../../sdk/obj/index.ts'
import type { P2pNode, PeerAddresses } from '../../sdk/p2p/index.ts'
import { memoryNetwork } from './memory-p2p.ts'

export interface StorageNode {
  readonly name: number
  readonly context: ObjContext
  readonly identity: Identity
  readonly peer: PeerAddresses
}

export interface StorageHolder extends StorageNode {
  /** Receipts that others gave it. */
  readonly earned: ReceiptBook
  stop(): void
}

export interface StorageNetwork {
  /** A node that can ask and be asked, with a store of its own. */
  node(store?: PieceStore): StorageNode
  /** A node that keeps pieces for others, known to all. */
  holder(options?: Partial<StorageServiceOptions> & { store?: PieceStore }): StorageHolder
  /** Forget a storage peer: it is offered nothing any more. */
  retire(node: StorageNode): void
}

/** @param clock of all nodes */
export function storageNetwork(clock: Clock = systemClock): StorageNetwork {
  const createNode = memoryNetwork()
  const storagePeers: PeerAddresses[] = []
  let names = 1
  const node = (store = createMemoryPieceStore()): StorageNode => {
    const name = names++
    const identity = identityFromSeed(new Uint8Array(32).fill(name))
    const p2p = { ...createNode(name), addresses: () => [`/ip4/127.0.0.1/tcp/${name}/ws`] } as unknown as P2pNode
    const context = objContext({
      node: p2p,
      store,
      identity,
      nodeIdentity: identity,
      coding: createJsEngine(),
      hashing: createJsHashEngine(),
      relays: () => [relay],
      storagePeers: () => storagePeers,
      clock
    })
    return { name, context, identity, peer: { peerId: identity.peerId, addresses: p2p.addresses() } }
  }
  const relayNode = createNode(names++)
  serveHolders(relayNode, { clock })
  const relay: PeerAddresses = { peerId: relayNode.peerId, addresses: [] }
  return {
    node,
    holder: ({ store, ...options } = {}) => {
      const holder = node(store)
      const service = startStorageService(holder.context, { intake: true, durable: true, ...options })
      storagePeers.push(holder.peer)
      return { ...holder, earned: service.earned, stop: () => service.stop() }
    },
    retire: ({ peer }) => void storagePeers.splice(storagePeers.indexOf(peer), 1)
  }
}
