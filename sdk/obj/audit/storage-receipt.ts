/**
 * Who kept what, said by the challenger: the receipt of the shared settlement crate (spec/core.md §10.5), byte for byte, so that its
 * aggregator takes ours. 172 bytes are signed, without a label; the form dates from before labels, and is unlike anything else that is
 * signed with the same key.
 */
import { ByteReader, ByteWriter } from '../../codec/index.ts'
import { cryptoEngine, SIGNATURE_BYTES, sha256 } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { Identity } from '../../identity/index.ts'
import { HASH_BYTES } from '../hashing/index.ts'

/** What is signed. */
export const RECEIPT_BYTES = 172
/** On the wire: what is signed, a length, and the signature. */
export const ENCODED_RECEIPT_BYTES = RECEIPT_BYTES + 8 + SIGNATURE_BYTES

export interface StorageReceipt {
  readonly contentId: Uint8Array
  /** Ed25519 public key of who keeps the piece. */
  readonly storageNode: Uint8Array
  /** Ed25519 public key of who asked, and signs. */
  readonly challenger: Uint8Array
  /** Number of the segment. */
  readonly shardIndex: number
  /** Seconds since the Unix epoch. */
  readonly timestamp: number
  /** Of the challenge. */
  readonly nonce: Uint8Array
  /** SHA-256 of challenge and answer. */
  readonly proofHash: Uint8Array
}

export interface SignedStorageReceipt extends StorageReceipt {
  readonly signature: Uint8Array
}

/** @throws CraftecError `invalid-argument` */
export async function signStorageReceipt(
  fields: Omit<StorageReceipt, 'challenger'>,
  challenger: Identity
): Promise<SignedStorageReceipt> {
  const receipt = { ...fields, challenger: challenger.publicKey }
  return { ...receipt, signature: await challenger.sign(signedReceiptBytes(receipt)) }
}

/** The 172 bytes that are signed. @throws CraftecError `invalid-argument` */
export function signedReceiptBytes(receipt: StorageReceipt): Uint8Array {
  const { contentId, storageNode, challenger, shardIndex, timestamp, nonce, proofHash } = receipt
  if ([contentId, storageNode, challenger, nonce, proofHash].some(bytes => bytes.length !== HASH_BYTES))
    throw new CraftecError('invalid-argument', 'a storage receipt has ids, keys and hashes of 32 bytes')
  if (
    !Number.isInteger(shardIndex) ||
    shardIndex < 0 ||
    shardIndex > 0xffff_ffff ||
    !Number.isSafeInteger(timestamp) ||
    timestamp < 0
  )
    throw new CraftecError('invalid-argument', 'a storage receipt has a shard of 32 bits and a time in whole seconds')
  return new ByteWriter(RECEIPT_BYTES)
    .bytes(contentId)
    .bytes(storageNode)
    .bytes(challenger)
    .u32le(shardIndex)
    .u64le(BigInt(timestamp))
    .bytes(nonce)
    .bytes(proofHash)
    .finish()
}

/** bincode 1.x of the reference's struct: the fields, then the signature behind its length. 244 bytes. */
export function encodeStorageReceipt(receipt: SignedStorageReceipt): Uint8Array {
  return new ByteWriter(ENCODED_RECEIPT_BYTES)
    .bytes(signedReceiptBytes(receipt))
    .u64le(BigInt(SIGNATURE_BYTES))
    .bytes(receipt.signature)
    .finish()
}

/** Read a receipt and verify its signature. @throws CraftecError `malformed` | `invalid-signature` */
export function openStorageReceipt(input: Uint8Array): SignedStorageReceipt {
  const receipt = decodeStorageReceipt(input)
  if (!cryptoEngine().ed25519Verify(receipt.challenger, signedReceiptBytes(receipt), receipt.signature))
    throw new CraftecError('invalid-signature', 'a storage receipt that its challenger did not sign')
  return receipt
}

/** Read a receipt that was verified before. @throws CraftecError `malformed` */
export function decodeStorageReceipt(input: Uint8Array): SignedStorageReceipt {
  const reader = new ByteReader(input.slice(), 'storage receipt')
  const [contentId, storageNode, challenger] = [
    reader.bytes(HASH_BYTES),
    reader.bytes(HASH_BYTES),
    reader.bytes(HASH_BYTES)
  ]
  const shardIndex = reader.u32le()
  const seconds = reader.u64le()
  if (seconds > BigInt(Number.MAX_SAFE_INTEGER)) throw reader.malformed(`a time of ${seconds}`)
  const [nonce, proofHash] = [reader.bytes(HASH_BYTES), reader.bytes(HASH_BYTES)]
  if (reader.u64le() !== BigInt(SIGNATURE_BYTES)) throw reader.malformed('a signature that has not 64 bytes')
  const signature = reader.bytes(SIGNATURE_BYTES)
  reader.end()
  return {
    contentId,
    storageNode,
    challenger,
    shardIndex,
    timestamp: Number(seconds),
    nonce,
    proofHash,
    signature
  }
}

/** What makes two receipts one: an aggregator counts each of these once. 32 bytes. */
export function receiptKey(receipt: StorageReceipt): Uint8Array {
  const { contentId, shardIndex, storageNode, challenger, timestamp } = receipt
  return sha256(
    new ByteWriter(108)
      .bytes(contentId)
      .u32le(shardIndex)
      .bytes(storageNode)
      .bytes(challenger)
      .u64le(BigInt(timestamp))
      .finish()
  )
}
