/**
 * SHA-256 where CraftOBJ needs it by the hundred megabytes: whole contents as they stream past, and the trees of pieces.
 * A tree is that of RFC 9162 §2.1: leaves are `SHA-256(00 ‖ leaf)`, inner nodes `SHA-256(01 ‖ left ‖ right)`, and a tree of n
 * leaves splits at the largest power of two below n.
 */
import type { HashStream } from '../../crypto/index.ts'

export const HASH_BYTES = 32
/** A piece is hashed in leaves of this size: what an audit asks for, and what a proof of a lie shows. */
export const LEAF_BYTES = 1024

/** Hash lists are packed: 32 bytes each, end to end. */
export interface HashEngine {
  readonly name: 'wasm-simd' | 'js'
  stream(): HashStream
  /** The leaf hashes of one piece. @param piece at least one byte; the last leaf may be short */
  leafHashes(piece: Uint8Array): Uint8Array
  /** One level of a tree up: pairs become their node, an odd one at the end stays as it is. */
  parents(hashes: Uint8Array): Uint8Array
  /** The root of a piece's tree: what `leafHashes` and `parents` come to, in one go. */
  pieceRoot(piece: Uint8Array): Uint8Array
}

/** @returns leaves of a piece of that size */
export function leafCount(pieceBytes: number): number {
  return Math.ceil(pieceBytes / LEAF_BYTES)
}
