/** What the Rust reference computes, of what we share with it: content ids, sizes, receipts and inventories. */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import { identityFromSeed } from '../../sdk/identity/index.ts'
import {
  createJsHashEngine,
  encodeStorageReceipt,
  inventoryTree,
  openStorageReceipt,
  receiptKey,
  segmentation,
  signedReceiptBytes,
  signStorageReceipt,
  targetPieces,
  verifyInventory
} from '../../sdk/obj/index.ts'
import content from './content.json' with { type: 'json' }
import receipts from './receipts.json' with { type: 'json' }
import storageMerkle from './storage_merkle.json' with { type: 'json' }

/** The vectors' conventions: byte i is (i*131 + (i>>8)*17 + seed) & 0xff. */
function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 131 + (i >> 8) * 17 + seed) & 0xff
  return bytes
}

describe('content.json', () => {
  it('names content by its SHA-256', () => {
    const engine = createJsHashEngine()
    for (const { content_id, len } of content.content_ids)
      expect(bytesToHex(engine.stream().update(pattern(len, 0)).digest())).toBe(content_id)
  })

  it('cuts content into the same segments', () => {
    for (const { total_size, segment_count, k_per_segment } of content.content_records) {
      const cut = segmentation(total_size)
      expect(cut.count).toBe(segment_count)
      expect(Array.from({ length: cut.count }, (_, index) => cut.segment(index).k)).toEqual(k_per_segment)
    }
  })

  it('wants the same number of pieces', () => {
    for (const [index, target] of content.target_piece_count_k_1_to_40.entries())
      expect(targetPieces(index + 1)).toBe(target)
    for (const [k = 0, ratio = 0] of content.redundancy) expect(2 + 16 / k).toBe(ratio)
  })
})

describe('receipts.json', () => {
  const vector = receipts.settlement_storage_receipt
  const fields = {
    contentId: hexToBytes(vector.content_id),
    storageNode: hexToBytes(vector.storage_node),
    shardIndex: vector.shard_index,
    timestamp: vector.timestamp,
    nonce: hexToBytes(vector.nonce),
    proofHash: hexToBytes(vector.proof_hash)
  }

  it('signs the same 172 bytes to the same signature, encoding and key', async () => {
    const receipt = await signStorageReceipt(fields, identityFromSeed(hexToBytes(vector.challenger_secret)))
    expect(bytesToHex(receipt.challenger)).toBe(vector.challenger)
    expect(bytesToHex(signedReceiptBytes(receipt))).toBe(vector.signable)
    expect(bytesToHex(receipt.signature)).toBe(vector.signature)
    expect(bytesToHex(encodeStorageReceipt(receipt))).toBe(vector.bincode)
    expect(bytesToHex(receiptKey(receipt))).toBe(vector.dedup_hash)
  })

  it('opens what the reference encoded', () => {
    const { signature, ...receipt } = openStorageReceipt(hexToBytes(vector.bincode))
    expect(receipt).toEqual({ ...fields, challenger: hexToBytes(vector.challenger) })
    expect(bytesToHex(signature)).toBe(vector.signature)
  })
})

describe('storage_merkle.json', () => {
  it.each(storageMerkle.cases.map(vector => [vector.n, vector] as const))('%i entries', (_, vector) => {
    const entries = vector.entries.map(({ content_id, segment, piece_id }) => ({
      contentId: hexToBytes(content_id),
      segment,
      pieceId: hexToBytes(piece_id)
    }))
    const tree = inventoryTree([...entries.toReversed(), ...entries])
    expect(bytesToHex(tree.root)).toBe(vector.root)
    expect(tree.leaves.map(leaf => bytesToHex(leaf))).toEqual(vector.sorted_leaves)
    const proofs = new Map(vector.proofs.map(({ leaf, path }) => [leaf, path]))
    for (const [index, entry] of entries.entries()) {
      const path = tree.prove(entry) ?? []
      const expected = proofs.get(vector.entries[index]?.leaf ?? '')
      expect(path.map(({ hash, isLeft }) => ({ hash: bytesToHex(hash), is_left: isLeft }))).toEqual(expected)
      expect(verifyInventory(tree.root, entry, path)).toBe(true)
      expect(verifyInventory(tree.root, { ...entry, segment: entry.segment + 1 }, path)).toBe(false)
    }
    expect(tree.prove({ contentId: new Uint8Array(32), segment: 0, pieceId: new Uint8Array(32) })).toBeUndefined()
  })
})
