export { chooseRelays } from './choose-relays.ts'
export type { GetOptions, GetProgress } from './content-reader.ts'
export { type Distribution, type DistributionState, DistributionWatch } from './distribution.ts'
export {
  type ContentStat,
  ObjClient,
  type PutOptions as ObjPutOptions,
  type PutProgress,
  type PutResult
} from './obj-client.ts'
export { type ObjContext, type ObjParts, objContext } from './obj-context.ts'
export { PRIVATE_STORAGE_HOST, PRIVATE_STORAGE_PORT } from './private-channel.ts'
export { rendezvous } from './rendezvous.ts'
export { type ByteRange, type RetrievedContent, type RetrievedInfo, retrievedContent } from './retrieved-content.ts'
export type { PutSource } from './source-chunks.ts'
export { type StorageService, type StorageServiceOptions, startStorageService } from './storage-service.ts'
export type { ContentHolders, HolderReport, SurveyOptions } from './survey-holders.ts'
