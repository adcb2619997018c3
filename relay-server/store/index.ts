export { type FileStoreOptions, openFileStore } from './open-file-store.ts'
export { readStoreValues, type StoreValues } from './read-store-values.ts'
