/**
 * The DID document of the Craftec reference implementation, byte for byte: its field names and their order, and a multibase
 * key without the multicodec prefix that the W3C form of Ed25519VerificationKey2020 has.
 */
import { encodeBase58 } from '../codec/index.ts'
import { CraftecError } from '../errors/index.ts'
import { type Did, didFromPublicKey, parseDid, publicKeyFromDid } from './did.ts'

export interface DidDocument {
  readonly id: Did
  readonly verification_method: readonly [VerificationMethod]
  /** Seconds since the Unix epoch. */
  readonly created: number
}

export interface VerificationMethod {
  /** The DID followed by `#key-1`. */
  readonly id: string
  readonly method_type: 'Ed25519VerificationKey2020'
  /** `z` and the base58 of the raw key. */
  readonly public_key_multibase: string
}

/** A valid document has about 300 characters. */
const MAX_DOCUMENT_CHARS = 1024

/**
 * @param publicKey 32-byte Ed25519 public key
 * @param created seconds since the Unix epoch
 * @throws CraftecError `invalid-argument` for a key of another length or a time that is not a whole, non-negative number
 */
export function didDocument(publicKey: Uint8Array, created: number): DidDocument {
  if (!Number.isSafeInteger(created) || created < 0)
    throw new CraftecError('invalid-argument', `created: expected whole seconds since 1970, got ${created}`)
  const id = didFromPublicKey(publicKey)
  const method: VerificationMethod = {
    id: `${id}#key-1`,
    method_type: 'Ed25519VerificationKey2020',
    public_key_multibase: `z${encodeBase58(publicKey)}`
  }
  return { id, verification_method: [method], created }
}

export function encodeDidDocument(document: DidDocument): string {
  return JSON.stringify(document)
}

/**
 * Accepts exactly what {@link encodeDidDocument} writes: one text for one document, so that its hash means something.
 * @throws CraftecError `invalid-did`
 */
export function decodeDidDocument(json: string): DidDocument {
  const document = parseDocument(json)
  if (encodeDidDocument(document) !== json)
    throw new CraftecError('invalid-did', 'DID document: not in canonical form, or its key is not the one its id names')
  return document
}

function parseDocument(json: string): DidDocument {
  if (json.length > MAX_DOCUMENT_CHARS)
    throw new CraftecError('invalid-did', `DID document: over ${MAX_DOCUMENT_CHARS} characters`)
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (cause) {
    throw new CraftecError('invalid-did', 'DID document: not JSON', { cause })
  }
  const { id, created } = (value ?? {}) as { id?: unknown; created?: unknown }
  if (typeof id !== 'string' || typeof created !== 'number' || !Number.isSafeInteger(created) || created < 0)
    throw new CraftecError('invalid-did', 'DID document: needs an id and the time it was created')
  return didDocument(publicKeyFromDid(parseDid(id)), created)
}
