import { sha256 } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { MAX_PIECE_BYTES, MAX_SOURCE_PIECES, type Segmentation, segmentation } from '../coding/index.ts'
import { cipherLayout } from '../content/index.ts'
import { equalBytes, HASH_BYTES } from '../hashing/index.ts'

/** 63,000 segments: 600 GB in segments of the default size. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024
/** Committed pieces of a segment: k source pieces and parity. */
export const MAX_COMMITTED_PIECES = 256
/** One leaf. Smaller pieces would cost holders more in records than in data. */
export const MIN_PIECE_BYTES = 1024

/** What a publisher says of a content. No name, no media type: holders learn neither. */
export interface Manifest {
  /** SHA-256 of the stored bytes. */
  readonly contentId: Uint8Array
  /** Stored bytes, 0..2^53-1. */
  readonly size: number
  readonly segmentBytes: number
  readonly pieceBytes: number
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number
  /** Ed25519 public key of who signed. */
  readonly publisher: Uint8Array
  /** Absent for content that is stored as it is. */
  readonly encryption?: { readonly chunkBytes: number; readonly plainSize: number }
  readonly segments: readonly ManifestSegment[]
}

export interface ManifestSegment {
  /** Over the roots of its source pieces, as `segmentHash` makes it. */
  readonly hash: Uint8Array
  /** How many pieces the publisher committed to: k..256. */
  readonly committed: number
  /** Root of the tree over them. */
  readonly committedRoot: Uint8Array
}

/**
 * Parity that a publisher makes: a fifth of k, as the reference does, but at least two pieces, so that a small content survives
 * the loss of a holder before its first repair. None for k = 1, where every piece is a multiple of the one source piece.
 */
export function parityPieces(k: number): number {
  return k === 1 ? 0 : Math.max(2, Math.floor(k / 5))
}

/** How the stored bytes are cut. @throws CraftecError `invalid-argument` as `segmentation` does */
export function manifestSegmentation(manifest: Pick<Manifest, 'size' | 'segmentBytes' | 'pieceBytes'>): Segmentation {
  return segmentation(manifest.size, manifest)
}

/** What is wrong with a manifest, whoever made it; undefined when nothing is. */
export function wrongManifest(manifest: Manifest): string | undefined {
  const { contentId, size, segmentBytes, pieceBytes, createdAt, publisher, encryption, segments } = manifest
  const integer = (value: number, least: number, most: number): boolean =>
    Number.isSafeInteger(value) && value >= least && value <= most
  if (!integer(size, 0, Number.MAX_SAFE_INTEGER)) return `a size of ${size}`
  if (!integer(pieceBytes, MIN_PIECE_BYTES, MAX_PIECE_BYTES)) return `pieces of ${pieceBytes} bytes`
  if (!integer(segmentBytes, 1, pieceBytes * MAX_SOURCE_PIECES))
    return `segments of ${segmentBytes} bytes with pieces of ${pieceBytes}`
  if (!integer(createdAt, 0, Number.MAX_SAFE_INTEGER)) return `created at ${createdAt}`
  if (![contentId, publisher].every(bytes => bytes.length === HASH_BYTES)) return 'a hash or key not of 32 bytes'
  const cut = manifestSegmentation(manifest)
  if (segments.length !== cut.count) return `${segments.length} segments for ${cut.count}`
  for (const [index, { hash, committed, committedRoot }] of segments.entries()) {
    if (hash.length !== HASH_BYTES || committedRoot.length !== HASH_BYTES) return `segment ${index}: a short hash`
    const { k } = cut.segment(index)
    if (!integer(committed, k, MAX_COMMITTED_PIECES)) return `segment ${index}: ${committed} committed pieces, k ${k}`
  }
  if (size === 0 && !equalBytes(contentId, sha256(new Uint8Array(0)))) return 'empty, with the id of another content'
  return encryption && wrongEncryption(encryption, size)
}

function wrongEncryption(
  { chunkBytes, plainSize }: NonNullable<Manifest['encryption']>,
  size: number
): string | undefined {
  try {
    const { storedBytes } = cipherLayout(plainSize, chunkBytes)
    return storedBytes === size ? undefined : `${size} stored bytes for ${plainSize} encrypted ones`
  } catch (error) {
    if (error instanceof CraftecError) return error.message
    throw error
  }
}
