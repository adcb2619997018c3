export type { ContentServer, ServeContentOptions } from './content-server/index.ts'
export { serveContent } from './content-server/index.ts'
export {
  CraftecStorageElement,
  type CraftecStorageEventMap,
  defineCraftecStorage
} from './craftec-storage-element.ts'
export { ENGLISH, type StorageStrings, type StringOverrides } from './storage-strings.ts'
