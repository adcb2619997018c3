export { type FileStoreOptions, openFileStore } from './open-file-store.ts'
