/** A content is named by the SHA-256 of its stored bytes (spec/obj.md §7.1): of the ciphertext when it is encrypted. */
import { decodeHex, encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'

/** 64 lower-case hexadecimal digits. */
export type ContentId = string & { readonly __brand: 'ContentId' }

const HASH_BYTES = 32
const CONTENT_ID = /^[0-9a-f]{64}$/

/** @param hash SHA-256 of the stored bytes @throws CraftecError `invalid-argument` unless it has 32 bytes */
export function contentIdFromHash(hash: Uint8Array): ContentId {
  if (hash.length !== HASH_BYTES)
    throw new CraftecError('invalid-argument', `a content id has ${HASH_BYTES} bytes, got ${hash.length}`)
  return encodeHex(hash) as ContentId
}

/** @throws CraftecError `malformed` unless it is 64 lower-case hexadecimal digits */
export function parseContentId(text: string): ContentId {
  if (!CONTENT_ID.test(text)) throw new CraftecError('malformed', 'a content id has 64 lower-case hexadecimal digits')
  return text as ContentId
}

/** @returns the 32 bytes that a content id spells @throws CraftecError `malformed` */
export function hashFromContentId(contentId: ContentId | string): Uint8Array {
  return decodeHex(parseContentId(contentId))
}
