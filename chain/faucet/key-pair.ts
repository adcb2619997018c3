/** Keys of the local chain: worth nothing, kept in its state so that addresses stay the same across restarts. */
import { type Address, createKeyPairSignerFromPrivateKeyBytes, type KeyPairSigner } from '@solana/kit'
import type { RandomBytes } from '../../sdk/async/index.ts'

const SEED_BYTES = 32

export interface ChainKeys {
  readonly faucet: Uint8Array
  readonly mint: Uint8Array
  /** Of the test wallet. */
  readonly wallet: Uint8Array
  /** Upgrade authority of the programs. */
  readonly admin: Uint8Array
}

export function createChainKeys(random: RandomBytes): ChainKeys {
  return { faucet: random(SEED_BYTES), mint: random(SEED_BYTES), wallet: random(SEED_BYTES), admin: random(SEED_BYTES) }
}

export function signerOf(seed: Uint8Array): Promise<KeyPairSigner> {
  return createKeyPairSignerFromPrivateKeyBytes(seed)
}

export async function addressOf(seed: Uint8Array): Promise<Address> {
  return (await signerOf(seed)).address
}
