/** Entry of the storage worker: the first message says which store, all others are calls. */
import { type StorePort, serveStore } from '../../sdk/obj/index.ts'
import { browserStoreLink } from './browser-store-link.ts'
import type { StorageWorkerStart } from './open-piece-store.ts'

/** The part of DedicatedWorkerGlobalScope that is used. */
const scope = globalThis as unknown as {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void
  onmessage: ((event: MessageEvent) => void) | null
}

scope.onmessage = ({ data }) => {
  const link = browserStoreLink(data as StorageWorkerStart)
  const port: StorePort = {
    moves: true,
    post: (message, transfer = []) => scope.postMessage(message, [...transfer]),
    listen: listener => {
      scope.onmessage = event => listener(event.data)
    },
    close: () => {}
  }
  serveStore(link, port, () => link.close())
}
