import { ByteWriter, decodeBase58 } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { type Address, addressBytes } from '../address/index.ts'
import type { AccountMeta, Instruction } from '../instructions/index.ts'

/** A transaction that the fee payer has not signed yet. */
export interface TransactionDraft {
  readonly feePayer: Address
  /** 32 bytes in base58. */
  readonly blockhash: string
  readonly instructions: readonly Instruction[]
}

/** Packet size of the network (IPv6 minimum MTU 1,280 less headers). */
const MAX_TRANSACTION_BYTES = 1_232
const MAX_BLOCKHASH_CHARACTERS = 44
const SIGNATURE_BYTES = 64
/** The highest bit of a message's first byte tells versions from the legacy format; the rest is the version, 0. */
const VERSION_0 = 0x80
/** Accounts are named by one byte. */
const MAX_ACCOUNTS = 256

/**
 * A version 0 transaction with empty signatures and without lookup tables (Solana, "Versioned Transactions": SIMD-0001 and
 * `solana-message`, `v0::Message`). Accounts come in the order in which `@solana/web3.js` has them.
 * @returns the form that wallets take
 * @throws CraftecError `limit-exceeded` when it does not fit into a packet
 */
export function compileTransaction({ feePayer, blockhash, instructions }: TransactionDraft): Uint8Array {
  const accounts = orderedAccounts(feePayer, instructions)
  const places = new Map(accounts.map(({ address }, place) => [address, place]))
  const signers = accounts.filter(({ signer }) => signer)
  if (accounts.length > MAX_ACCOUNTS) throw tooLong(accounts.length * addressBytes(feePayer).length)

  const writer = new ByteWriter(MAX_TRANSACTION_BYTES)
  compactU16(writer, signers.length).zeros(signers.length * SIGNATURE_BYTES)
  writer
    .u8(VERSION_0)
    .u8(signers.length)
    .u8(signers.filter(({ writable }) => !writable).length)
    .u8(accounts.filter(({ signer, writable }) => !signer && !writable).length)
  compactU16(writer, accounts.length)
  for (const { address } of accounts) writer.bytes(addressBytes(address))
  writer.bytes(decodeBase58(blockhash, MAX_BLOCKHASH_CHARACTERS))
  compactU16(writer, instructions.length)
  for (const { program, accounts: named, data } of instructions) {
    writer.u8(placeOf(places, program))
    compactU16(writer, named.length)
    for (const { address } of named) writer.u8(placeOf(places, address))
    compactU16(writer, data.length).bytes(data)
  }
  compactU16(writer, 0)
  const wire = writer.finish()
  if (wire.length > MAX_TRANSACTION_BYTES) throw tooLong(wire.length)
  return wire
}

/** Each account once, with the most that any instruction asks of it; the fee payer first, then signers, what is written before what is read. */
function orderedAccounts(feePayer: Address, instructions: readonly Instruction[]): AccountMeta[] {
  const merged = new Map<Address, AccountMeta>()
  const add = ({ address, signer, writable }: AccountMeta): void => {
    const known = merged.get(address)
    merged.set(address, {
      address,
      signer: signer || known?.signer === true,
      writable: writable || known?.writable === true
    })
  }
  add({ address: feePayer, signer: true, writable: true })
  for (const { program, accounts } of instructions) {
    add({ address: program, signer: false, writable: false })
    accounts.forEach(add)
  }
  const rank = ({ signer, writable }: AccountMeta): number => (signer ? 0 : 2) + (writable ? 0 : 1)
  // sorting is stable: the fee payer was added first and has the highest rank
  return [...merged.values()].sort((left, right) => rank(left) - rank(right))
}

function placeOf(places: ReadonlyMap<Address, number>, address: Address): number {
  const place = places.get(address)
  if (place === undefined) throw new CraftecError('internal', 'an account of an instruction was not collected')
  return place
}

/** Solana's `ShortU16`: seven bits a byte, the lowest first. */
function compactU16(writer: ByteWriter, value: number): ByteWriter {
  let rest = value
  for (; rest > 0x7f; rest >>= 7) writer.u8((rest & 0x7f) | 0x80)
  return writer.u8(rest)
}

function tooLong(bytes: number): CraftecError {
  return new CraftecError(
    'limit-exceeded',
    `the transaction has ${bytes} bytes; at most ${MAX_TRANSACTION_BYTES} fit into a packet, split it`
  )
}
