/**
 * libp2p's name for an Ed25519 key (libp2p specs, "Peer Ids and Keys"): the identity multihash `00 24` of the protobuf
 * PublicKey `08 01 12 20 ‖ key`, in base58. Other key types, and the CID form, have no place here.
 */
import { decodeBase58, encodeBase58 } from '../codec/index.ts'
import { KEY_BYTES } from '../crypto/index.ts'
import { CraftecError } from '../errors/index.ts'

/** `12D3KooW…`, always the canonical text: obtained from {@link peerIdFromPublicKey} or {@link parsePeerId}. */
export type PeerId = string & { readonly __brand: 'PeerId' }

const MULTIHASH_PREFIX = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20]
const PEER_ID_BYTES = MULTIHASH_PREFIX.length + KEY_BYTES
/** 38 bytes that begin with 00 24 take 52 characters. */
const PEER_ID_CHARS = 52

/** @param key 32-byte Ed25519 public key @throws CraftecError `invalid-argument` for another length */
export function peerIdFromPublicKey(key: Uint8Array): PeerId {
  if (key.length !== KEY_BYTES)
    throw new CraftecError('invalid-argument', `Ed25519 public key: expected ${KEY_BYTES} bytes, got ${key.length}`)
  const bytes = new Uint8Array(PEER_ID_BYTES)
  bytes.set(MULTIHASH_PREFIX)
  bytes.set(key, MULTIHASH_PREFIX.length)
  return encodeBase58(bytes) as PeerId
}

/** @returns the 32-byte Ed25519 public key @throws CraftecError `malformed` when `id` is not the PeerId of an Ed25519 key */
export function publicKeyFromPeerId(id: PeerId | string): Uint8Array {
  const bytes = decodeBase58(id, PEER_ID_CHARS)
  if (bytes.length !== PEER_ID_BYTES || MULTIHASH_PREFIX.some((byte, index) => bytes[index] !== byte))
    throw new CraftecError('malformed', 'peer id: expected the base58 PeerId of an Ed25519 key (12D3KooW…)')
  return bytes.slice(MULTIHASH_PREFIX.length)
}

/** @throws CraftecError `malformed` as {@link publicKeyFromPeerId} */
export function parsePeerId(text: string): PeerId {
  return peerIdFromPublicKey(publicKeyFromPeerId(text))
}
