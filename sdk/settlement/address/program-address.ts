/** Addresses that belong to a program because nobody can have a key for them (Solana, `Pubkey::find_program_address`). */
// Not sdk/crypto: its engines weigh 20 KiB, more than all of this folder may.
import { sha256 } from '@noble/hashes/sha2.js'
import { CraftecError } from '../../errors/index.ts'
import { type Address, ASSOCIATED_TOKEN_PROGRAM, addressBytes, addressFromBytes, TOKEN_PROGRAM } from './address.ts'
import { isOnCurve } from './edwards-curve.ts'

const MAX_SEED_BYTES = 32
/** The bump is one of the 16 that the runtime takes. */
const MAX_SEEDS = 15
const MARKER = new TextEncoder().encode('ProgramDerivedAddress')

export interface ProgramAddress {
  readonly address: Address
  readonly bump: number
}

/** @throws CraftecError `invalid-argument` for seeds that the runtime would refuse */
export function findProgramAddress(program: Address, seeds: readonly Uint8Array[]): ProgramAddress {
  if (seeds.length > MAX_SEEDS || seeds.some(seed => seed.length > MAX_SEED_BYTES)) {
    throw new CraftecError('invalid-argument', `at most ${MAX_SEEDS} seeds of at most ${MAX_SEED_BYTES} bytes`)
  }
  const hash = sha256.create()
  for (const seed of seeds) hash.update(seed)
  const programBytes = addressBytes(program)
  for (let bump = 255; bump >= 0; bump--) {
    const candidate = hash.clone().update(Uint8Array.of(bump)).update(programBytes).update(MARKER).digest()
    if (!isOnCurve(candidate)) return { address: addressFromBytes(candidate), bump }
  }
  throw new CraftecError('invalid-argument', 'no bump puts these seeds off the curve')
}

/** The token account that an owner has for a mint by convention. */
export function associatedTokenAddress(owner: Address, mint: Address): Address {
  const seeds = [owner, TOKEN_PROGRAM, mint].map(addressBytes)
  return findProgramAddress(ASSOCIATED_TOKEN_PROGRAM, seeds).address
}
