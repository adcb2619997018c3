/** Schemas of what Solana's RPC takes. Unknown keys of configuration objects are ignored, as Agave does. */
import { type Address, isAddress } from '@solana/kit'
import { z } from 'zod'
import { decodeBase58 } from '../../sdk/codec/index.ts'
import type { Ledger } from '../ledger/index.ts'
import { RpcError } from './rpc-error.ts'

const MAX_KEY_CHARACTERS = 44
const MAX_SIGNATURE_CHARACTERS = 88

export const addressParam = z
  .string()
  .max(MAX_KEY_CHARACTERS)
  .refine(isAddress, 'expected an address: 32 bytes in base58')
  .transform(text => text as Address)

export const signatureParam = z
  .string()
  .max(MAX_SIGNATURE_CHARACTERS)
  .refine(text => isBase58(text, MAX_SIGNATURE_CHARACTERS, 64), 'expected a signature: 64 bytes in base58')

export const blockhashParam = z
  .string()
  .max(MAX_KEY_CHARACTERS)
  .refine(text => isBase58(text, MAX_KEY_CHARACTERS, 32), 'expected a blockhash: 32 bytes in base58')

export const slotParam = z.int().min(0).transform(BigInt)

/** Up to 2^53 - 1: JSON carries no more without loss. */
export const amountParam = z.int().min(0).transform(BigInt)

/** The last five are retired names that clients still send. */
const commitment = z.enum(['processed', 'confirmed', 'finalized', 'recent', 'single', 'singleGossip', 'root', 'max'])

export const contextConfig = z.object({ commitment: commitment.nullish(), minContextSlot: slotParam.nullish() })

/** For methods that take nothing, or nothing but a configuration that decides nothing here: all is final at once. */
export const configOnly = z.tuple([contextConfig.nullish()])

/** @throws RpcError `minContextSlotNotReached` */
export function requireContextSlot(
  ledger: Ledger,
  config: { readonly minContextSlot?: bigint | null | undefined } | null | undefined
): void {
  const { slot } = ledger.latestBlock
  if ((config?.minContextSlot ?? 0n) > slot) {
    throw new RpcError('minContextSlotNotReached', 'Minimum context slot has not been reached', { contextSlot: slot })
  }
}

function isBase58(text: string, maxCharacters: number, bytes: number): boolean {
  try {
    return decodeBase58(text, maxCharacters).length === bytes
  } catch {
    return false
  }
}
