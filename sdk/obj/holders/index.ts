export { announceHoldings, findHolders, type HoldersCallOptions } from './ask-holders.ts'
export { HOLDERS_PROTOCOL } from './holder-frame.ts'
export {
  type HolderRecord,
  MAX_RECORD_ADDRESSES,
  openHolderRecord,
  type RecordRefusal,
  signHolderRecord,
  tryOpenHolderRecord
} from './holder-record.ts'
export { HOLDER_TABLE_LIMITS, HolderTable, type HolderTableLimits } from './holder-table.ts'
export { type HolderService, type ServeHoldersOptions, serveHolders } from './serve-holders.ts'
