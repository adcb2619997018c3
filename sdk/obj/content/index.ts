export { type ChunkSpan, type CipherLayout, cipherLayout, DEFAULT_CHUNK_BYTES } from './cipher-layout.ts'
export { type ContentCipher, createContentCipher } from './content-cipher.ts'
export { type ContentId, contentIdFromHash, hashFromContentId, parseContentId } from './content-id.ts'
export { type ContentLink, formatLink, parseLink } from './content-link.ts'
