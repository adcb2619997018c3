import { type BorshCodec, decodeBase58, encodeBase58 } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'

declare const brand: unique symbol

/** An account's address: 32 bytes, in base58. */
export type Address = string & { readonly [brand]: 'solana-address' }

const ADDRESS_BYTES = 32
const MAX_CHARACTERS = 44

/** @throws CraftecError `invalid-argument` unless `text` is 32 bytes in base58 */
export function parseAddress(text: string): Address {
  addressBytes(text as Address)
  return text as Address
}

/** @throws CraftecError `invalid-argument` unless there are 32 */
export function addressFromBytes(bytes: Uint8Array): Address {
  if (bytes.length !== ADDRESS_BYTES) throw notAnAddress(`${bytes.length} bytes`)
  return encodeBase58(bytes) as Address
}

/** @returns 32 bytes @throws CraftecError `invalid-argument` */
export function addressBytes(address: Address): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = decodeBase58(address, MAX_CHARACTERS)
  } catch (cause) {
    throw notAnAddress('other text', cause)
  }
  if (bytes.length !== ADDRESS_BYTES) throw notAnAddress(`${bytes.length} bytes`)
  return bytes
}

/** `Pubkey` */
export const addressCodec: BorshCodec<Address> = {
  read: reader => addressFromBytes(reader.bytes(ADDRESS_BYTES)),
  write: (writer, value) => void writer.bytes(addressBytes(value))
}

/** 32 zero bytes: the system program, and "none" where a field must hold a key. */
export const NO_ADDRESS = '11111111111111111111111111111111' as Address

export const SYSTEM_PROGRAM = NO_ADDRESS
export const TOKEN_PROGRAM = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA' as Address
export const ASSOCIATED_TOKEN_PROGRAM = 'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL' as Address
export const COMPUTE_BUDGET_PROGRAM = 'ComputeBudget111111111111111111111111111111' as Address
export const ED25519_PROGRAM = 'Ed25519SigVerify111111111111111111111111111' as Address
export const INSTRUCTIONS_SYSVAR = 'Sysvar1nstructions1111111111111111111111111' as Address
export const UPGRADEABLE_LOADER = 'BPFLoaderUpgradeab1e11111111111111111111111' as Address

function notAnAddress(got: string, cause?: unknown): CraftecError {
  return new CraftecError('invalid-argument', `expected an address, 32 bytes in base58, got ${got}`, { cause })
}
