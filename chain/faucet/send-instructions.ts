import {
  appendTransactionMessageInstructions,
  type Blockhash,
  createTransactionMessage,
  getTransactionEncoder,
  type Instruction,
  type KeyPairSigner,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners
} from '@solana/kit'
import { CraftecError } from '../../sdk/errors/index.ts'
import { decodeTransaction, describeTransactionError, type Ledger } from '../ledger/index.ts'

/**
 * Sign a transaction and put it on the ledger.
 * @param payer pays the fee and is the only one to sign
 * @returns its signature
 * @throws CraftecError `invalid-argument` when the ledger refuses it, or it fails
 */
export async function sendInstructions(
  ledger: Ledger,
  payer: KeyPairSigner,
  instructions: readonly Instruction[]
): Promise<string> {
  const { blockhash, slot } = ledger.latestBlock
  const lifetime = { blockhash: blockhash as Blockhash, lastValidBlockHeight: slot }
  const empty = setTransactionMessageFeePayerSigner(payer, createTransactionMessage({ version: 0 }))
  const timed = setTransactionMessageLifetimeUsingBlockhash(lifetime, empty)
  const signed = await signTransactionMessageWithSigners(appendTransactionMessageInstructions(instructions, timed))
  const transaction = decodeTransaction(new Uint8Array(getTransactionEncoder().encode(signed)))
  const outcome = ledger.send(transaction)
  const error = outcome.included ? outcome.record.error : outcome.error
  if (error !== null) throw new CraftecError('invalid-argument', describeTransactionError(error))
  return transaction.signature
}
