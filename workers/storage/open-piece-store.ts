import { CraftecError } from '../../sdk/errors/index.ts'
import {
  linkedPieceStore,
  type PieceStore,
  portLink,
  type StoreLink,
  type StorePolicyOptions
} from '../../sdk/obj/index.ts'
import { browserStoreLink } from './browser-store-link.ts'
import { workerPort } from './worker-port.ts'

/** What the worker is told; functions cannot be. */
export interface StorageWorkerStart extends Omit<StorePolicyOptions, 'value' | 'clock'> {
  readonly name: string
  readonly engine: 'auto' | 'indexeddb'
}

export interface OpenPieceStoreOptions extends Omit<StorePolicyOptions, 'value' | 'clock'> {
  /** One store a name and origin, shared by all tabs. Default `craftec-pieces`. The first to open it sets its caps. */
  readonly name?: string
  /** `indexeddb` keeps pieces in the database even where slab files could be written. Default `auto`: slab files where possible. */
  readonly engine?: 'auto' | 'indexeddb'
  /** Ask the browser not to clear this site's data when space is short. Default true. */
  readonly persist?: boolean
  /** Where the worker module is, if not beside this package. */
  readonly workerUrl?: string | URL
}

/**
 * The piece store of this origin, kept by the browser: slab files in one storage worker, or IndexedDB in contexts that cannot start
 * workers. Every tab may open it; one of them does the work, and when that one closes or dies another takes over.
 * @throws CraftecError `storage-unavailable` where the browser refuses storage (some private windows, outside of https) |
 * `storage-corrupt` | `unsupported` when it refuses to start the worker
 * @example
 * import { openPieceStore } from '@craftec/web/workers'
 * const store = await openPieceStore({ quotaBytes: 2_000_000_000 })
 * console.log((await store.usage()).bytes)
 * await store.close()
 */
export async function openPieceStore(options: OpenPieceStoreOptions = {}): Promise<PieceStore> {
  const { name = 'craftec-pieces', engine = 'auto', persist = true, workerUrl, ...policy } = options
  // Not awaited: a browser may put the question to the user.
  if (persist) void askToPersist()
  const start: StorageWorkerStart = { ...policy, name, engine }
  const store = linkedPieceStore(typeof Worker === 'function' ? startWorker(start, workerUrl) : browserStoreLink(start))
  try {
    // Fails now, not at the first put, when there is no store to be had.
    await store.usage()
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

function startWorker(start: StorageWorkerStart, url: string | URL | undefined): StoreLink {
  let worker: Worker
  try {
    // Bundlers build a worker where they read these very words, and only there.
    worker =
      url === undefined
        ? new Worker(new URL('./storage-worker.ts', import.meta.url), { type: 'module' })
        : new Worker(url, { type: 'module' })
  } catch (error) {
    throw CraftecError.from(
      error,
      'unsupported',
      'this page may not start the storage worker; use workerUrl with an address its policy allows'
    )
  }
  worker.postMessage(start)
  return portLink(workerPort(worker))
}

/** Only a page may ask; whether it is granted is the browser's business, and the store works either way. */
async function askToPersist(): Promise<void> {
  try {
    await globalThis.navigator.storage.persist?.()
  } catch {
    // An old browser, or one that has decided already.
  }
}
