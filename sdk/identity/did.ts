/**
 * `did:craftec:` and the base58 of a 32-byte Ed25519 public key. Some Craftec nodes write the key as 64 hex digits; that
 * form is read, never written. The key need not be a point of the curve: a signature by it will simply never verify.
 */
import { decodeBase58, decodeHex, encodeBase58 } from '../codec/index.ts'
import { KEY_BYTES } from '../crypto/index.ts'
import { CraftecError } from '../errors/index.ts'

/** The canonical base58 form, as {@link didFromPublicKey} and {@link parseDid} give it. */
export type Did = string & { readonly __brand: 'Did' }

const PREFIX = 'did:craftec:'
/** 32 bytes of ff; leading zeros only shorten the text. */
const MAX_KEY_CHARS = 44
const HEX_KEY = /^[0-9a-f]{64}$/

/** @param key 32-byte Ed25519 public key @throws CraftecError `invalid-argument` for another length */
export function didFromPublicKey(key: Uint8Array): Did {
  if (key.length !== KEY_BYTES)
    throw new CraftecError('invalid-argument', `Ed25519 public key: expected ${KEY_BYTES} bytes, got ${key.length}`)
  return `${PREFIX}${encodeBase58(key)}` as Did
}

/** @returns the 32-byte Ed25519 public key a DID names, in either form @throws CraftecError `invalid-did` */
export function publicKeyFromDid(did: Did | string): Uint8Array {
  if (!did.startsWith(PREFIX)) throw new CraftecError('invalid-did', `a DID of this network starts with ${PREFIX}`)
  const keyText = did.slice(PREFIX.length)
  if (keyText === '') throw new CraftecError('invalid-did', `no key after ${PREFIX}`)
  const key = HEX_KEY.test(keyText) ? decodeHex(keyText) : decodeKey(keyText)
  if (key.length !== KEY_BYTES)
    throw new CraftecError('invalid-did', `the key of a DID has ${KEY_BYTES} bytes, this one ${key.length}`)
  return key
}

/** Read a DID in either form and return the canonical one. @throws CraftecError `invalid-did` */
export function parseDid(text: string): Did {
  return didFromPublicKey(publicKeyFromDid(text))
}

function decodeKey(text: string): Uint8Array {
  try {
    return decodeBase58(text, MAX_KEY_CHARS)
  } catch (cause) {
    throw new CraftecError('invalid-did', 'the key of a DID is base58 of 32 bytes, at most 44 characters', { cause })
  }
}
