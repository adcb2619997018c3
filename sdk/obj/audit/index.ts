export { type Answer, answerChallenge, decodeAnswer, encodeAnswer, MAX_ANSWER_BYTES } from './answer.ts'
export {
  AUDIT_DEADLINE_MS,
  type AuditTarget,
  type Challenge,
  decodeChallenge,
  encodeChallenge,
  MAX_SAMPLES,
  sampledLeaves
} from './challenge.ts'
export { type CheckedAnswer, type CrossCheck, crossCheck } from './cross-check.ts'
export {
  type InventoryEntry,
  type InventoryStep,
  type InventoryTree,
  inventoryTree,
  verifyInventory
} from './inventory-tree.ts'
export { type AuditFailure, type AuditVerdict, judgeAnswer } from './judge-answer.ts'
export { proveFalseRecoding } from './prove-false-recoding.ts'
export { createProver, type Prover } from './prover.ts'
export {
  decodeStorageReceipt,
  ENCODED_RECEIPT_BYTES,
  encodeStorageReceipt,
  openStorageReceipt,
  RECEIPT_BYTES,
  receiptKey,
  type SignedStorageReceipt,
  type StorageReceipt,
  signedReceiptBytes,
  signStorageReceipt
} from './storage-receipt.ts'
