import { sha256 } from '@noble/hashes/sha2.js'

export const DISCRIMINATOR_BYTES = 8

/** Anchor's name tags: the first 8 bytes of SHA-256 of `namespace:name`. Instructions are `global`. */
export function discriminator(namespace: 'global' | 'account' | 'event', name: string): Uint8Array {
  return sha256(new TextEncoder().encode(`${namespace}:${name}`)).subarray(0, DISCRIMINATOR_BYTES)
}

export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, index) => bytes[index] === byte)
}
