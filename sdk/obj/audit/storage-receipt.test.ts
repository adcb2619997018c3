import { describe, expect, it } from 'vitest'
import { hostileBytes } from '../../../test/vectors/hostile-bytes.ts'
import { createIdentity } from '../../identity/index.ts'
import { encodeStorageReceipt, openStorageReceipt, receiptKey, signStorageReceipt } from './index.ts'

const identity = createIdentity()
const fields = {
  contentId: new Uint8Array(32).fill(1),
  storageNode: new Uint8Array(32).fill(2),
  shardIndex: 0xffff_ffff,
  timestamp: 1_700_000_000,
  nonce: new Uint8Array(32).fill(4),
  proofHash: new Uint8Array(32).fill(5)
}

describe('a storage receipt', () => {
  it('says the same after being written and read', async () => {
    const receipt = await signStorageReceipt(fields, identity)
    expect(openStorageReceipt(encodeStorageReceipt(receipt))).toEqual(receipt)
    expect(receipt.challenger).toEqual(identity.publicKey)
  })

  it('with any byte changed, cut or added is refused', async () => {
    const bytes = encodeStorageReceipt(await signStorageReceipt(fields, identity))
    expect(bytes.length).toBe(244)
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))
      // the top byte of the time, over 2^53 then, and the length of the signature
      const code = at === 107 || (at >= 172 && at < 180) ? 'malformed' : 'invalid-signature'
      expect(() => openStorageReceipt(changed), `byte ${at}`).toThrow(expect.objectContaining({ code }))
    }
    const garbage = hostileBytes('receipts')
    for (let length = 0; length < 300; length++)
      expect(() => openStorageReceipt(garbage(length))).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('counts once, whatever nonce it was given for', async () => {
    const [first, again, later] = await Promise.all([
      signStorageReceipt(fields, identity),
      signStorageReceipt({ ...fields, nonce: new Uint8Array(32) }, identity),
      signStorageReceipt({ ...fields, timestamp: fields.timestamp + 1 }, identity)
    ])
    expect(receiptKey(first)).toEqual(receiptKey(again))
    expect(receiptKey(first)).not.toEqual(receiptKey(later))
  })

  it('is not made of what does not fit', async () => {
    for (const wrong of [
      { shardIndex: 2 ** 32 },
      { shardIndex: -1 },
      { timestamp: 0.5 },
      { nonce: new Uint8Array(31) }
    ])
      await expect(signStorageReceipt({ ...fields, ...wrong }, identity)).rejects.toMatchObject({
        code: 'invalid-argument'
      })
  })
})
