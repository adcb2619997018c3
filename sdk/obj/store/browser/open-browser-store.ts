import { systemClock } from '../../../async/index.ts'
import { loadHashEngine } from '../../hashing/index.ts'
import { openIndexedPieceStore } from '../indexed-piece-store.ts'
import type { PieceStore } from '../piece-store.ts'
import type { Recovery } from '../recovery.ts'
import type { StorePolicyOptions } from '../store-policy.ts'
import { openIndexedDbIndex } from './indexed-db-index.ts'
import { openOpfsFolder } from './opfs-slab-folder.ts'

export interface BrowserStoreOptions extends StorePolicyOptions {
  /** Of the database and of the folder; one store a name and origin. */
  readonly name: string
  /** `indexeddb` keeps pieces in the database even where slab files could be written. Default `auto`. */
  readonly engine?: 'auto' | 'indexeddb'
  readonly onRecovery?: (recovery: Recovery) => void
}

/** Left to the rest of the site: its caches and databases share the origin's quota. */
const RESERVE_BYTES = 16 * 1024 * 1024

/**
 * The store of this origin, in this thread. Only its owner may open it: see `sharedStoreLink`.
 * @throws CraftecError `storage-unavailable` | `storage-corrupt`
 */
export async function openBrowserStore(options: BrowserStoreOptions): Promise<PieceStore> {
  const { name, engine = 'auto', clock = systemClock } = options
  const index = await openIndexedDbIndex(name, clock)
  try {
    const opfs = await openOpfsFolder(name, clock)
    const { pieceRoot } = await loadHashEngine()
    return await openIndexedPieceStore({
      ...options,
      index,
      pieceRoot,
      room,
      ...(opfs === undefined ? {} : { slabs: opfs.folder, slabsWritable: opfs.writable && engine === 'auto' })
    })
  } catch (error) {
    await index.close()
    throw error
  }
}

/** Bytes that the browser says it would still give. Where it does not say, the write will show. */
async function room(): Promise<number> {
  try {
    const { quota, usage } = await globalThis.navigator.storage.estimate()
    return Math.max(0, (quota ?? Number.POSITIVE_INFINITY) - (usage ?? 0) - RESERVE_BYTES)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
