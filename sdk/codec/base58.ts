import { base58 } from '@scure/base'
import { CraftecError } from '../errors/index.ts'

/** Base58 with the Bitcoin alphabet and no checksum: one text for one byte string, in both directions. */
export function encodeBase58(bytes: Uint8Array): string {
  return base58.encode(bytes)
}

/**
 * @param maxChars refuse longer text before decoding, which takes time quadratic in the length
 * @throws CraftecError `malformed`
 */
export function decodeBase58(text: string, maxChars: number): Uint8Array {
  if (text.length > maxChars)
    throw new CraftecError('malformed', `base58: at most ${maxChars} characters expected, got ${text.length}`)
  try {
    return base58.decode(text)
  } catch (cause) {
    throw new CraftecError('malformed', 'base58: a character outside the alphabet', { cause })
  }
}
