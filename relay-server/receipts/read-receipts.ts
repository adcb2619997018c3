import { join } from 'node:path'
import { CraftecError } from '../../sdk/errors/index.ts'
import { openStorageReceipt, ReceiptBook, type ReceiptSide, type SignedStorageReceipt } from '../../sdk/obj/index.ts'
import { readStoreValues } from '../store/index.ts'

/**
 * All receipts that a storage node keeps, from its data folder: at most 96 epochs with 4,096 each. Signatures are checked again.
 * @throws CraftecError `storage-unavailable` (no storage node ran there, or one runs now) | `malformed` | `invalid-signature`
 */
export async function readReceipts(dataDir: string, side: ReceiptSide): Promise<SignedStorageReceipt[]> {
  const values = await readStoreValues(join(dataDir, 'store'))
  try {
    const receipts: SignedStorageReceipt[] = []
    for await (const bytes of new ReceiptBook({ ...values, setValue: refuse }, side).export())
      receipts.push(openStorageReceipt(bytes))
    return receipts
  } finally {
    await values.close()
  }
}

async function refuse(): Promise<never> {
  throw new CraftecError('internal', 'a book that is only read was written to')
}
