import { systemClock, systemRandom } from './async/index.ts'
import type { ObjWish } from './craftec-options.ts'
import type { Identity } from './identity/index.ts'
import { bootstrapSources, type Directory, directoryNodes, type NetClient, storageNodes } from './net/index.ts'
import {
  chooseRelays,
  inlineCodec,
  loadCodingEngine,
  loadHashEngine,
  ObjClient,
  objContext,
  PRIVATE_STORAGE_HOST,
  PRIVATE_STORAGE_PORT
} from './obj/index.ts'
import { chooseCodec, chooseStore } from './obj-engines.ts'
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

/** Which engines do the work, and where. */
export interface ObjEngines {
  /** Arithmetic of pieces: `js` means that WebAssembly, or its files, could not be had. */
  readonly coding: ReturnType<ObjClient['engines']>['coding']
  readonly hashing: ReturnType<ObjClient['engines']>['hashing']
  /** Whole segments: in workers, in this thread because there are none, or as the caller wished. */
  readonly codec: 'workers' | 'inline' | 'custom'
  /** Pieces: slab files in the storage worker, IndexedDB in this thread, memory, or what the caller gave. */
  readonly store: 'worker' | 'inline' | 'memory' | 'custom'
}

export interface StartedObj {
  readonly client: ObjClient
  engines(): Promise<ObjEngines>
  stop(): Promise<void>
}

/**
 * The storage client of a page's node. This module is loaded on demand.
 * @throws CraftecError `storage-unavailable` | `storage-corrupt`
 */
export async function startObj(options: StartObjOptions): Promise<StartedObj> {
  const { node, nodeIdentity, identity, directory, net, storage, wish } = options
  const { coding: codingUrls, hashing: hashingUrl } = wish.wasmUrls ?? {}
  const [coding, hashing, { store, place }] = await Promise.all([
    loadCodingEngine(codingUrls ? { wasmUrls: codingUrls } : {}),
    loadHashEngine(hashingUrl ? { wasmUrl: hashingUrl } : {}),
    chooseStore(storage, wish)
  ])
  const own = wish.codec ? undefined : chooseCodec(inlineCodec(coding, hashing, systemRandom), wish.wasmUrls)
  const codec = wish.codec ?? own
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
      ...(codec ? { codec } : {}),
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
    engines: async () => ({ ...client.engines(), codec: (await own?.place()) ?? 'custom', store: place }),
    stop: async () => {
      await client.stop()
      await own?.dispose()
      // a store that was handed in is its owner's to close
      if (wish.store === undefined) await store.close()
    }
  }
}
