/**
 * Solana's wire format of transactions, legacy and version 0 (SIMD-0002 and the Solana documentation, "Transaction format").
 * Strict: compact lengths in their shortest form, every index in range, no trailing bytes. What passes here the runtime can still
 * refuse; what does not pass never reaches it.
 */
import type { Address } from '@solana/kit'
import { ByteReader, encodeBase58 } from '../../sdk/codec/index.ts'

/** 1280 (smallest IPv6 MTU) less 48 of headers: Solana's `PACKET_DATA_SIZE`. */
export const MAX_TRANSACTION_BYTES = 1232

const KEY_BYTES = 32
const SIGNATURE_BYTES = 64
const VERSION_FLAG = 0x80
const MAX_KEYS = 256

export interface WireInstruction {
  readonly programIndex: number
  readonly accountIndexes: Uint8Array
  readonly data: Uint8Array
}

/** Accounts named by their place in an on-chain address lookup table. */
export interface WireLookup {
  readonly table: Address
  readonly writable: Uint8Array
  readonly readonly: Uint8Array
}

export interface WireMessage {
  readonly version: 'legacy' | 0
  readonly requiredSignatures: number
  readonly readonlySigned: number
  readonly readonlyUnsigned: number
  readonly staticKeys: readonly Address[]
  readonly blockhash: string
  readonly instructions: readonly WireInstruction[]
  readonly lookups: readonly WireLookup[]
}

export interface WireTransaction {
  readonly bytes: Uint8Array
  /** Base58; the first one names the transaction. */
  readonly signature: string
  readonly signatures: readonly string[]
  readonly message: WireMessage
}

/** @throws CraftecError `malformed` */
export function decodeTransaction(bytes: Uint8Array): WireTransaction {
  const reader = new ByteReader(bytes, 'transaction')
  if (bytes.length > MAX_TRANSACTION_BYTES) {
    throw reader.malformed(`${bytes.length} bytes, at most ${MAX_TRANSACTION_BYTES} fit in a packet`)
  }
  const signatures = Array.from({ length: compactLength(reader) }, () => encodeBase58(reader.bytes(SIGNATURE_BYTES)))
  const message = readMessage(reader)
  reader.end()
  const [signature] = signatures
  if (signature === undefined || signatures.length !== message.requiredSignatures) {
    throw reader.malformed(`${signatures.length} signatures where the message asks for ${message.requiredSignatures}`)
  }
  return { bytes, signature, signatures, message }
}

/** A message alone, as `getFeeForMessage` takes it. @throws CraftecError `malformed` */
export function decodeMessage(bytes: Uint8Array): WireMessage {
  const reader = new ByteReader(bytes, 'message')
  if (bytes.length > MAX_TRANSACTION_BYTES)
    throw reader.malformed(`${bytes.length} bytes, over ${MAX_TRANSACTION_BYTES}`)
  const message = readMessage(reader)
  reader.end()
  return message
}

/** Whether the runtime locks the account at `index` of the static keys for writing. */
export function isWritable(message: WireMessage, index: number): boolean {
  const { requiredSignatures, readonlySigned, readonlyUnsigned, staticKeys } = message
  return index < requiredSignatures
    ? index < requiredSignatures - readonlySigned
    : index < staticKeys.length - readonlyUnsigned
}

function readMessage(reader: ByteReader): WireMessage {
  const first = reader.u8()
  const versioned = (first & VERSION_FLAG) !== 0
  if (versioned && first !== VERSION_FLAG) throw reader.malformed(`version ${first & 0x7f} is not supported`)
  const requiredSignatures = versioned ? reader.u8() : first
  const readonlySigned = reader.u8()
  const readonlyUnsigned = reader.u8()
  const staticKeys = Array.from({ length: compactLength(reader) }, () => readKey(reader))
  const blockhash = encodeBase58(reader.bytes(KEY_BYTES))
  const instructions = Array.from({ length: compactLength(reader) }, () => readInstruction(reader))
  const lookups = versioned ? Array.from({ length: compactLength(reader) }, () => readLookup(reader)) : []
  const message: WireMessage = {
    version: versioned ? 0 : 'legacy',
    requiredSignatures,
    readonlySigned,
    readonlyUnsigned,
    staticKeys,
    blockhash,
    instructions,
    lookups
  }
  const problem = problemOf(message)
  if (problem !== undefined) throw reader.malformed(problem)
  return message
}

function readInstruction(reader: ByteReader): WireInstruction {
  return {
    programIndex: reader.u8(),
    accountIndexes: reader.bytes(compactLength(reader)),
    data: reader.bytes(compactLength(reader))
  }
}

function readLookup(reader: ByteReader): WireLookup {
  return {
    table: readKey(reader),
    writable: reader.bytes(compactLength(reader)),
    readonly: reader.bytes(compactLength(reader))
  }
}

function readKey(reader: ByteReader): Address {
  return encodeBase58(reader.bytes(KEY_BYTES)) as Address
}

/** "Compact-u16": seven bits a byte, least significant first, at most three bytes, one form for one number. */
function compactLength(reader: ByteReader): number {
  let value = 0
  for (let shift = 0; shift < 21; shift += 7) {
    const byte = reader.u8()
    if (byte === 0 && shift > 0) break
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) {
      if (value > 0xffff) break
      // Nothing it counts is smaller than a byte: refuses an array before it is allocated.
      if (value > reader.remaining) throw reader.malformed(`a length of ${value} with ${reader.remaining} bytes left`)
      return value
    }
  }
  throw reader.malformed('a length that is not in its shortest form or over 65535')
}

/** The rules of `sanitize` in the Solana SDK. */
function problemOf(message: WireMessage): string | undefined {
  const { requiredSignatures, readonlySigned, readonlyUnsigned, staticKeys, instructions, lookups } = message
  if (requiredSignatures === 0) return 'nobody signs'
  if (readonlySigned >= requiredSignatures) return 'the payer of the fee is read-only'
  if (requiredSignatures + readonlyUnsigned > staticKeys.length) return 'fewer accounts than the header counts'
  if (new Set(staticKeys).size !== staticKeys.length) return 'an account is named twice'
  const looked = lookups.reduce((sum, { writable, readonly }) => sum + writable.length + readonly.length, 0)
  if (lookups.some(({ writable, readonly }) => writable.length + readonly.length === 0)) return 'an empty lookup'
  const keyCount = staticKeys.length + looked
  if (keyCount > MAX_KEYS) return `${keyCount} accounts, over ${MAX_KEYS}`
  for (const { programIndex, accountIndexes } of instructions) {
    if (programIndex === 0) return 'the payer of the fee is called as a program'
    if (programIndex >= staticKeys.length) return 'a program index out of range'
    if (accountIndexes.some(index => index >= keyCount)) return 'an account index out of range'
  }
  return undefined
}
