import { join } from 'node:path'
import { systemClock } from '../../sdk/async/index.ts'
import type { Identity } from '../../sdk/identity/index.ts'
import { bootstrapSources, type Directory, directoryNodes, storageNodes } from '../../sdk/net/index.ts'
import {
  type ContentInfo,
  type ContentKnowledge,
  chooseRelays,
  contentValue,
  type HolderTable,
  type KeeperStats,
  loadCodingEngine,
  loadHashEngine,
  objContext,
  type StorageService,
  type StoreUsage,
  startStorageService,
  type TransferStats
} from '../../sdk/obj/index.ts'
import type { P2pNode } from '../../sdk/p2p/index.ts'
import { parseByteSize, type RelayConfig } from '../config/index.ts'
import type { RelayLogger } from '../log/index.ts'
import { openFileStore } from '../store/index.ts'

export interface StorageRole extends Pick<StorageService, 'acceptPrivate' | 'earned'> {
  readonly stats: TransferStats & KeeperStats
  /** As it was at the last look; each look starts the next. */
  usage(): StoreUsage
  /** Idempotent; never rejects. */
  stop(): Promise<void>
}

export interface StorageRoleParts {
  readonly node: P2pNode
  readonly identity: Identity
  readonly directory: Directory
  /** Records that others keep here: the node's own belong there too. */
  readonly table: HolderTable
  readonly logger: RelayLogger
}

/** Peers sent to at once: a node in a data centre has the uplink for it. */
const UPLOAD_PEERS = 64
const MAX_CHANNELS = 1024
/** All of a storage node's room is for others; an eighth of it for each of them. */
const PEER_SHARE = 8
const NO_KEEPER: KeeperStats = { ownChecked: 0, ownRotten: 0, ownUnreadable: 0 }

/**
 * Keep pieces for others, in `dataDir/store`.
 * @throws CraftecError `storage-unavailable` | `storage-corrupt`
 */
export async function startStorage(config: RelayConfig, parts: StorageRoleParts): Promise<StorageRole> {
  const { node, identity, directory, table, logger } = parts
  const [coding, hashing] = await Promise.all([loadCodingEngine(), loadHashEngine()])
  const quotaBytes = parseByteSize(config.quota)
  const perPeer = config.quotaPerPeer === undefined ? quotaBytes / PEER_SHARE : parseByteSize(config.quotaPerPeer)
  // the keeper comes after its store
  let know = (_: ContentInfo): ContentKnowledge => ({})
  const store = await openFileStore({
    value: contentValue(content => know(content)),
    folder: join(config.dataDir, 'store'),
    quotaBytes,
    peersQuotaBytes: quotaBytes,
    peerQuotaBytes: Math.min(perPeer, quotaBytes),
    onRecovery: ({ unclean, checked, lost }) => {
      if (unclean) logger.warn('store-recovered', { checked, lost: lost.length })
    }
  })
  let usage = await store.usage()
  const bootstrap = bootstrapSources(config.bootstrap)
  const self = { peerId: node.peerId, addresses: node.addresses() }
  const context = objContext({
    node,
    store,
    identity,
    nodeIdentity: identity,
    coding,
    hashing,
    ownTable: table,
    relays: contentId => {
      const nodes = directoryNodes(directory.view(systemClock.now()))
      // the first node of a network has no bootstrap nodes; it is one
      return chooseRelays(bootstrap.length > 0 ? bootstrap : [self], nodes, contentId)
    },
    storagePeers: () => storageNodes(directory.view(systemClock.now()))
  })
  const service = startStorageService(context, {
    intake: true,
    durable: true,
    uploadPeers: UPLOAD_PEERS,
    maxChannels: MAX_CHANNELS
  })
  know = content => service.keeper?.knowledge(content) ?? {}
  return {
    get stats() {
      return { ...service.stats, ...(service.keeper?.stats ?? NO_KEEPER) }
    },
    earned: service.earned,
    acceptPrivate: duplex => service.acceptPrivate(duplex),
    usage: () => {
      store.usage().then(
        now => {
          usage = now
        },
        () => {} // the store is closing
      )
      return usage
    },
    stop: async () => {
      service.stop()
      await store.close()
    }
  }
}
