import { ByteReader, ByteWriter } from '../../codec/index.ts'
import { KEY_BYTES, SIGNATURE_BYTES } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { HASH_BYTES, MAX_PATH_HASHES } from '../hashing/index.ts'

/** Why a piece is to be believed. */
export type Provenance =
  | {
      readonly kind: 'committed'
      /** Among the committed pieces of its segment. */
      readonly index: number
      /** Packed hashes that lead from its leaf to the manifest's root. */
      readonly path: Uint8Array
    }
  | {
      readonly kind: 'recoded'
      /** Ed25519 public key of who made it. */
      readonly recoder: Uint8Array
      readonly signature: Uint8Array
    }

const COMMITTED = 0
const RECODED = 1

/** `00` ‖ u16le index ‖ u8 hashes ‖ hashes, or `01` ‖ recoder's key ‖ signature. @throws CraftecError `invalid-argument` */
export function encodeProvenance(provenance: Provenance): Uint8Array {
  if (provenance.kind === 'recoded') {
    const { recoder, signature } = provenance
    if (recoder.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES)
      throw new CraftecError('invalid-argument', 'a recoder has a key of 32 bytes and makes signatures of 64')
    return new ByteWriter(1 + KEY_BYTES + SIGNATURE_BYTES).u8(RECODED).bytes(recoder).bytes(signature).finish()
  }
  const { index, path } = provenance
  if (!Number.isInteger(index) || index < 0 || index > 0xffff)
    throw new CraftecError('invalid-argument', `a committed piece has an index of 0..65535, got ${index}`)
  if (path.length % HASH_BYTES !== 0 || path.length / HASH_BYTES > MAX_PATH_HASHES)
    throw new CraftecError('invalid-argument', `a path has up to ${MAX_PATH_HASHES} hashes, got ${path.length} bytes`)
  return new ByteWriter(4 + path.length)
    .u8(COMMITTED)
    .u16le(index)
    .u8(path.length / HASH_BYTES)
    .bytes(path)
    .finish()
}

/** Copies what it keeps. @throws CraftecError `malformed` */
export function decodeProvenance(bytes: Uint8Array): Provenance {
  const reader = new ByteReader(bytes, 'provenance')
  const provenance = readProvenance(reader)
  reader.end()
  return provenance
}

/** As {@link decodeProvenance}, out of the middle of another format. @throws CraftecError `malformed` */
export function readProvenance(reader: ByteReader): Provenance {
  const kind = reader.u8()
  if (kind === RECODED)
    return {
      kind: 'recoded',
      recoder: reader.bytes(KEY_BYTES).slice(),
      signature: reader.bytes(SIGNATURE_BYTES).slice()
    }
  if (kind !== COMMITTED) throw reader.malformed(`unknown kind ${kind}`)
  const index = reader.u16le()
  const hashes = reader.u8()
  if (hashes > MAX_PATH_HASHES) throw reader.malformed(`a path of ${hashes} hashes`)
  return { kind: 'committed', index, path: reader.bytes(hashes * HASH_BYTES).slice() }
}
