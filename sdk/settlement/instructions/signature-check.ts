/**
 * Instructions of the Ed25519 precompile (Solana documentation, "Ed25519 program"). The settlement program looks at the one directly
 * before its own and takes it only if every offset in it refers to itself.
 */
import { ByteWriter, encodeBorsh, u16 } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { type Address, addressBytes, ED25519_PROGRAM } from '../address/index.ts'
import { encodeVoucher, type SignedVoucher } from '../messages/index.ts'
import type { Instruction } from './instruction.ts'

const KEY_BYTES = 32
const SIGNATURE_BYTES = 64
const HEAD_BYTES = 2
const OFFSETS_BYTES = 14
/** "This instruction", for each of the three parts. */
const THIS_INSTRUCTION = 0xffff
const MAX_SIGNATURES = 8

export interface KeyedSignature {
  readonly signer: Address
  readonly signature: Uint8Array
}

/** Has the chain check a voucher's signature: goes directly before `updateVoucher` or `closeChannel`. @throws CraftecError `invalid-argument` */
export function voucherCheck(voucherSigner: Address, { voucher, signature }: SignedVoucher): Instruction {
  return signatureCheck(encodeVoucher(voucher), [{ signer: voucherSigner, signature }])
}

/**
 * One message, signed by one key or several. Layout: count, padding, offsets of each signature, keys and signatures, the message once.
 * @throws CraftecError `invalid-argument`
 */
export function signatureCheck(message: Uint8Array, signatures: readonly KeyedSignature[]): Instruction {
  if (signatures.length === 0 || signatures.length > MAX_SIGNATURES) {
    throw new CraftecError('invalid-argument', `1 to ${MAX_SIGNATURES} signatures fit, got ${signatures.length}`)
  }
  const pairsAt = HEAD_BYTES + OFFSETS_BYTES * signatures.length
  const messageAt = pairsAt + (KEY_BYTES + SIGNATURE_BYTES) * signatures.length
  const writer = new ByteWriter(messageAt + message.length).u8(signatures.length).u8(0)
  for (const index of signatures.keys()) {
    const keyAt = pairsAt + (KEY_BYTES + SIGNATURE_BYTES) * index
    for (const value of [
      keyAt + KEY_BYTES,
      THIS_INSTRUCTION,
      keyAt,
      THIS_INSTRUCTION,
      messageAt,
      message.length,
      THIS_INSTRUCTION
    ]) {
      writer.bytes(encodeBorsh(u16, value))
    }
  }
  for (const { signer, signature } of signatures) {
    if (signature.length !== SIGNATURE_BYTES) {
      throw new CraftecError('invalid-argument', `a signature has ${SIGNATURE_BYTES} bytes, got ${signature.length}`)
    }
    writer.bytes(addressBytes(signer)).bytes(signature)
  }
  return { program: ED25519_PROGRAM, accounts: [], data: writer.bytes(message).finish() }
}
