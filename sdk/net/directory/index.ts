export type { Descriptor, DescriptorOnionKey, DescriptorRoles, PortRange } from './descriptor.ts'
export { decodeDescriptor, encodeDescriptor } from './descriptor-codec.ts'
export { MAX_DESCRIPTOR_BYTES, MAX_LIFETIME_S } from './descriptor-limits.ts'
export {
  DEFAULT_MAX_NODES,
  Directory,
  type DirectoryCounters,
  type DirectoryOptions,
  type DirectoryPage,
  type DirectoryView
} from './directory.ts'
export { type AnnounceResult, DIRECTORY_PROTOCOL } from './directory-frame.ts'
export type { DirectoryCallOptions } from './directory-session.ts'
export { bootstrapSources, directoryNodes, storageNodes } from './directory-sources.ts'
export {
  type DirectoryParticipant,
  type DirectoryParticipantOptions,
  participateInDirectory
} from './participate-in-directory.ts'
export { type ServeDirectoryOptions, serveDirectory } from './serve-directory.ts'
export { announceDescriptor, type SyncDirectoryOptions, type SyncResult, syncDirectory } from './sync-directory.ts'
