export { giveReceipts } from './give-receipts.ts'
export { ReceiptBook, type ReceiptSide, type VoidReceipts } from './receipt-book.ts'
export { type ServeReceiptsOptions, serveReceipts } from './serve-receipts.ts'
export { voidByEvidence } from './void-by-evidence.ts'
