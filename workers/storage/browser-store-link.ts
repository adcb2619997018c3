import { openBrowserStore, type StoreLink, sharedStoreLink } from '../../sdk/obj/index.ts'
import type { StorageWorkerStart } from './open-piece-store.ts'

/** The origin's store, from any context: owned here if nobody else has it, or served by its owner. */
export function browserStoreLink(start: StorageWorkerStart): StoreLink {
  // Sync handles exist in dedicated workers; whoever has them comes first.
  const hasHandles =
    typeof globalThis.FileSystemFileHandle === 'function' &&
    'createSyncAccessHandle' in globalThis.FileSystemFileHandle.prototype
  return sharedStoreLink({
    name: start.name,
    rank: hasHandles && start.engine !== 'indexeddb' ? 1 : 0,
    open: () => openBrowserStore(start)
  })
}
