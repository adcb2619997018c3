/** Transactions as a dapp makes them, for tests of the local chain. */
import {
  Ed25519Program,
  Keypair,
  type PublicKey,
  SystemProgram,
  Transaction,
  type TransactionInstruction,
  TransactionMessage,
  VersionedTransaction
} from '@solana/web3.js'

export function transferFrom(
  from: Keypair,
  to: PublicKey,
  lamports: number,
  blockhash: string,
  more: readonly TransactionInstruction[] = []
): Uint8Array {
  const transaction = new Transaction({ feePayer: from.publicKey, blockhash, lastValidBlockHeight: 0 })
  transaction.add(SystemProgram.transfer({ fromPubkey: from.publicKey, toPubkey: to, lamports }), ...more)
  transaction.sign(from)
  return Uint8Array.from(transaction.serialize())
}

export function versionedFrom(
  from: Keypair,
  instructions: TransactionInstruction[],
  blockhash: string,
  tables: Parameters<TransactionMessage['compileToV0Message']>[0] = []
): VersionedTransaction {
  const message = new TransactionMessage({ payerKey: from.publicKey, recentBlockhash: blockhash, instructions })
  const transaction = new VersionedTransaction(message.compileToV0Message(tables))
  transaction.sign([from])
  return transaction
}

/** An instruction of the Ed25519 precompile that succeeds. */
export function signatureCheck(text: string): TransactionInstruction {
  const { secretKey } = Keypair.generate()
  return Ed25519Program.createInstructionWithPrivateKey({
    privateKey: secretKey,
    message: new TextEncoder().encode(text)
  })
}
