import { TAG_BYTES } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'

/** 0.02 % overhead, and the longest message that the WebAssembly cipher takes in one go. */
export const DEFAULT_CHUNK_BYTES = 65_536
const MIN_CHUNK_BYTES = 1_024
const MAX_CHUNK_BYTES = 1_048_576

/** Where the chunks of encrypted content lie. Empty content has one chunk, so that there is a tag to check. */
export interface CipherLayout {
  readonly plainBytes: number
  readonly chunkBytes: number
  /** At least 1. */
  readonly chunks: number
  /** Bytes as stored. */
  readonly storedBytes: number
  /** What holds plaintext bytes [from, to): chunks [first, end), and where they lie in the stored bytes. */
  span(from: number, to: number): ChunkSpan
}

export interface ChunkSpan {
  readonly first: number
  readonly end: number
  readonly from: number
  readonly to: number
}

/**
 * @param plainBytes 0..2^53-1
 * @param chunkBytes 1024..1,048,576
 * @throws CraftecError `invalid-argument`, also when the stored bytes would be more than 2^53-1
 */
export function cipherLayout(plainBytes: number, chunkBytes: number = DEFAULT_CHUNK_BYTES): CipherLayout {
  checkChunkBytes(chunkBytes)
  const chunks = Math.max(1, Math.ceil(plainBytes / chunkBytes))
  const storedBytes = plainBytes + chunks * TAG_BYTES
  if (!Number.isSafeInteger(plainBytes) || plainBytes < 0 || !Number.isSafeInteger(storedBytes))
    throw new CraftecError('invalid-argument', `a content has 0..2^53-1 bytes, got ${plainBytes}`)
  const sealedBytes = chunkBytes + TAG_BYTES
  return {
    plainBytes,
    chunkBytes,
    chunks,
    storedBytes,
    span: (from, to) => {
      if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || from > to || to > plainBytes)
        throw new CraftecError('invalid-argument', `expected a range within 0..${plainBytes} bytes, got ${from}..${to}`)
      const first = from === to ? 0 : Math.floor(from / chunkBytes)
      const end = from === to ? 0 : Math.ceil(to / chunkBytes)
      return { first, end, from: first * sealedBytes, to: Math.min(end * sealedBytes, storedBytes) }
    }
  }
}

export function checkChunkBytes(chunkBytes: number): void {
  if (!Number.isInteger(chunkBytes) || chunkBytes < MIN_CHUNK_BYTES || chunkBytes > MAX_CHUNK_BYTES)
    throw new CraftecError(
      'invalid-argument',
      `a chunk has ${MIN_CHUNK_BYTES}..${MAX_CHUNK_BYTES} bytes, got ${chunkBytes}`
    )
}
