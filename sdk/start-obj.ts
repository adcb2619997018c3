import { systemClock } from './async/index.ts'
import type { ObjWish } from './craftec-options.ts'
import type { Identity } from './identity/index.ts'
import { bootstrapSources, type Directory, directoryNodes, type NetClient, storageNodes } from './net/index.ts'
import {
  chooseRelays,
  createMemoryPieceStore,
  linkedPieceStore,
  loadCodingEngine,
  loadHashEngine,
  ObjClient,
  objContext,
  openBrowserStore,
  type PieceStore,
  PRIVATE_STORAGE_HOST,
  PRIVATE_STORAGE_PORT,
  sharedStoreLink
} from './obj/index.ts'
import type { P2pNode } from './p2p/index.ts'

export interface StartObjOptions {
  readonly node: P2pNode
  readonly nodeIdentity: Identity
  readonly identity: Identity
  readonly bootstrap: readonly string[]
  readonly directory: Directory
  readonly net: Pick<NetClient, 'connect'>
  readonly storage: 'indexeddb' | 'memory'
  readonly wish: ObjWish
}

export interface StartedObj {
  readonly client: ObjClient
  stop(): Promise<void>
}

/** As `openPieceStore` has it, so that a page may change over to it and find what it stored. */
const STORE_NAME = 'craftec-pieces'
/** Without a disk everything is in memory, which must not grow with what others send. */
const MEMORY_QUOTA_BYTES = 256 * 1024 * 1024

/**
 * The storage client of a page's node. This module is loaded on demand.
 * @throws CraftecError `storage-unavailable` | `storage-corrupt`
 */
export async function startObj(options: StartObjOptions): Promise<StartedObj> {
  const { node, nodeIdentity, identity, directory, net, wish } = options
  const { coding: codingUrls, hashing: hashingUrl } = wish.wasmUrls ?? {}
  const [coding, hashing, store] = await Promise.all([
    loadCodingEngine(codingUrls ? { wasmUrls: codingUrls } : {}),
    loadHashEngine(hashingUrl ? { wasmUrl: hashingUrl } : {}),
    openStore(options)
  ])
  const bootstrap = bootstrapSources(options.bootstrap)
  const view = () => directory.view(systemClock.now())
  const client = new ObjClient(
    objContext({
      node,
      nodeIdentity,
      identity,
      store,
      coding,
      hashing,
      ...(wish.codec ? { codec: wish.codec } : {}),
      relays: contentId => chooseRelays(bootstrap, directoryNodes(view()), contentId),
      connectPrivately: (peerId, signal) =>
        net.connect(`${PRIVATE_STORAGE_HOST}:${PRIVATE_STORAGE_PORT}`, { exit: { identity: peerId }, signal }),
      storagePeers: () => storageNodes(view())
    }),
    { share: wish.share ?? false }
  )
  await client.start()
  return {
    client,
    stop: async () => {
      await client.stop()
      // a store that was handed in is its owner's to close
      if (wish.store === undefined) await store.close()
    }
  }
}

async function openStore({ storage, wish }: StartObjOptions): Promise<PieceStore> {
  if (wish.store !== undefined) return wish.store
  if (storage === 'memory') return createMemoryPieceStore({ quotaBytes: MEMORY_QUOTA_BYTES })
  const open = (): Promise<PieceStore> => openBrowserStore({ name: STORE_NAME, engine: 'indexeddb' })
  return linkedPieceStore(sharedStoreLink({ name: STORE_NAME, rank: 0, open }))
}
