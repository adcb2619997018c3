/** What is used of web3.js, by name, so that bundlers leave the rest out. Loaded by import(): it is most of what settlement weighs. */
export {
  Connection,
  PublicKey,
  TransactionInstruction,
  TransactionMessage,
  VersionedTransaction
} from '@solana/web3.js'
