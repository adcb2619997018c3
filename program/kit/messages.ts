/** What is signed off chain, and the Ed25519 instruction that carries it (docs/protocol/settlement.md, "Signed messages"). */

import { Ed25519Program, type Keypair, type PublicKey, TransactionInstruction } from '@solana/web3.js'
import { ByteWriter } from '../../sdk/codec/index.ts'
import { signMessage } from './sign-message.ts'

const TABLE_ENTRY_BYTES = 14
const SELF = 0xffff

export interface Voucher {
  readonly program: PublicKey
  readonly channel: PublicKey
  readonly openedSlot: bigint
  readonly seq: bigint
  readonly amount: bigint
}

export function voucherMessage({ program, channel, openedSlot, seq, amount }: Voucher): Uint8Array {
  return new ByteWriter()
    .bytes(new TextEncoder().encode('craftec/voucher1'))
    .bytes(program.toBytes())
    .bytes(channel.toBytes())
    .u64le(openedSlot)
    .u64le(seq)
    .u64le(amount)
    .finish()
}

export interface DistributionTerms {
  readonly program: PublicKey
  readonly pool: PublicKey
  readonly openedSlot: bigint
  readonly epoch: bigint
  readonly amount: bigint
  readonly totalWeight: bigint
  readonly root: Uint8Array
  readonly entries: number
  readonly mode: number
}

export function distributionMessage(terms: DistributionTerms): Uint8Array {
  return new ByteWriter()
    .bytes(new TextEncoder().encode('craftec/payouts1'))
    .bytes(terms.program.toBytes())
    .bytes(terms.pool.toBytes())
    .u64le(terms.openedSlot)
    .u64le(terms.epoch)
    .u64le(terms.amount)
    .u64le(terms.totalWeight)
    .bytes(terms.root)
    .u32le(terms.entries)
    .u8(terms.mode)
    .zeros(3)
    .finish()
}

/** One Ed25519 instruction with a signature of each key over the same bytes. */
export function ed25519Instruction(keys: readonly Keypair[], message: Uint8Array): TransactionInstruction {
  return ed25519WithSignatures(
    keys.map(key => ({ key: key.publicKey, signature: signMessage(key, message) })),
    message
  )
}

export function ed25519WithSignatures(
  signatures: readonly { readonly key: PublicKey; readonly signature: Uint8Array }[],
  message: Uint8Array
): TransactionInstruction {
  const partsAt = 2 + signatures.length * TABLE_ENTRY_BYTES
  const messageAt = partsAt + signatures.length * 96
  const writer = new ByteWriter().u8(signatures.length).u8(0)
  for (const i of signatures.keys()) {
    const keyAt = partsAt + i * 96
    writer
      .u16le(keyAt + 32)
      .u16le(SELF)
      .u16le(keyAt)
      .u16le(SELF)
      .u16le(messageAt)
      .u16le(message.length)
      .u16le(SELF)
  }
  for (const { key, signature } of signatures) writer.bytes(key.toBytes()).bytes(signature)
  const data = Buffer.from(writer.bytes(message).finish())
  return new TransactionInstruction({ programId: Ed25519Program.programId, keys: [], data })
}
