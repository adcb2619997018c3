import { CraftecError } from '../../errors/index.ts'
import type { TransactionDraft } from './chain-rpc.ts'

/** Packet size of the network (IPv6 minimum MTU 1,280 less headers). */
const MAX_TRANSACTION_BYTES = 1_232

/**
 * A version 0 transaction with empty signatures.
 * @throws CraftecError `limit-exceeded` when it does not fit into a packet
 */
export async function compileTransaction(draft: TransactionDraft): Promise<Uint8Array> {
  const { PublicKey, TransactionInstruction, TransactionMessage, VersionedTransaction } = await import('./web3.ts')
  const message = new TransactionMessage({
    payerKey: new PublicKey(draft.feePayer),
    recentBlockhash: draft.blockhash,
    instructions: draft.instructions.map(
      ({ program, accounts, data }) =>
        new TransactionInstruction({
          programId: new PublicKey(program),
          keys: accounts.map(({ address, signer, writable }) => ({
            pubkey: new PublicKey(address),
            isSigner: signer,
            isWritable: writable
          })),
          // web3.js asks for its Buffer; it only reads bytes
          data: data as ConstructorParameters<typeof TransactionInstruction>[0]['data'] & Uint8Array
        })
    )
  }).compileToV0Message()
  const tooLong = (cause?: unknown): CraftecError =>
    new CraftecError('limit-exceeded', `the transaction has more than ${MAX_TRANSACTION_BYTES} bytes; split it`, {
      cause
    })
  let wire: Uint8Array
  try {
    wire = new VersionedTransaction(message).serialize()
  } catch (cause) {
    // web3.js serializes into a buffer of one packet
    if (cause instanceof RangeError) throw tooLong(cause)
    throw cause
  }
  if (wire.length > MAX_TRANSACTION_BYTES) throw tooLong()
  return wire
}
