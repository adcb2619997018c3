import { decodeEvidence, judgeEvidence, type Verdict } from '../integrity/index.ts'
import type { SignedManifest } from '../manifest/index.ts'
import type { ReceiptBook } from './receipt-book.ts'

/**
 * Take out of a book what a proven liar was given for the content that it lied about. The proof is checked here: whoever brings it need not
 * be trusted. A publisher that lied keeps no receipts of its own by it, and takes none from others.
 * @param evidence as it comes from a fault, or from a stranger
 * @throws CraftecError `malformed` | `invalid-signature` when it proves nothing; what the store throws
 */
export async function voidByEvidence(
  book: ReceiptBook,
  manifest: SignedManifest,
  evidence: Uint8Array
): Promise<{ readonly verdict: Verdict; readonly voided: number }> {
  const verdict = judgeEvidence(manifest, decodeEvidence(evidence))
  const { liar, key } = verdict
  const { contentId } = manifest
  return { verdict, voided: liar === 'recoder' ? await book.void({ storageNode: key, contentId }) : 0 }
}
