import { encodeHex } from '../../codec/index.ts'
import { type CodedPiece, createDecoder, createJsEngine, type Decoder } from '../coding/index.ts'
import { equalBytes, type HashEngine } from '../hashing/index.ts'
import type { VerifiedPiece } from '../integrity/index.ts'
import { hashSegment, manifestSegmentation, type SignedManifest } from '../manifest/index.ts'
import type { StoredPiece } from '../store/index.ts'
import { IndexSet } from './index-set.ts'
import type { SegmentCodec } from './segment-codec.ts'

export interface DownloadedPiece {
  readonly piece: StoredPiece
  readonly verified: VerifiedPiece
  /** Who sent it; undefined for what was here already. */
  readonly from: string | undefined
}

/**
 * The pieces of one segment, as they come together. Normally k independent ones are enough. If they decode to something else than the
 * segment, more are collected, independent or not, until it shows which of them are lies.
 */
export class SegmentDownload {
  readonly index: number
  readonly k: number
  readonly bytes: number
  readonly #manifest: SignedManifest
  readonly #pieces: DownloadedPiece[] = []
  /** Committed source pieces, by their place in the segment. */
  readonly #sources = new Map<number, StoredPiece>()
  readonly #ids = new Set<string>()
  /** One byte a piece: only the rows matter. */
  #span: Decoder
  /** Pieces to collect beyond k, to find a liar. */
  #surplus = 0
  /** Signers whose pieces are done without, although it could not be shown that they lie. */
  readonly #distrusted = new Set<string>()

  /** @throws CraftecError `invalid-argument` for a segment that does not exist */
  constructor(manifest: SignedManifest, index: number) {
    const { k, bytes } = manifestSegmentation(manifest).segment(index)
    this.index = index
    this.k = k
    this.bytes = bytes
    this.#manifest = manifest
    this.#span = createDecoder(createJsEngine(), { k, pieceBytes: 1 })
  }

  /** Pieces that are needed, and how many of them are here. */
  get needed(): number {
    return this.k + this.#surplus
  }

  get progress(): number {
    return this.#surplus > 0 ? Math.min(this.#pieces.length, this.needed) : this.#span.rank
  }

  get complete(): boolean {
    return this.progress >= this.needed
  }

  /** More than k pieces were collected, because some of them lie. */
  get disputed(): boolean {
    return this.#surplus > 0
  }

  get pieces(): readonly DownloadedPiece[] {
    return this.#pieces
  }

  /** All of it is here as it was published: nothing has to be computed. */
  get isAssembled(): boolean {
    return this.#sources.size === this.k
  }

  /**
   * A part of the segment that is here as it was published: the manifest commits to it, so it needs no further proof.
   * @param index of a source piece @returns a view; undefined when it is not here
   */
  source(index: number): Uint8Array | undefined {
    const { pieceBytes } = this.#manifest
    return this.#sources.get(index)?.data.subarray(0, Math.min(pieceBytes, this.bytes - index * pieceBytes))
  }

  /** Committed pieces that are here. */
  held(): IndexSet {
    const held = new IndexSet()
    for (const { verified } of this.#pieces) if (verified.index !== undefined) held.add(verified.index)
    return held
  }

  /** Coefficients of what is here, at most k: what a holder need not send again. */
  rows(): Uint8Array[] {
    return this.#pieces.slice(0, this.k).map(({ piece }) => piece.record.coefficients)
  }

  /** @returns whether it brought the segment nearer; what does not is not kept */
  add(piece: DownloadedPiece): boolean {
    const id = encodeHex(piece.verified.id)
    const { recoder } = piece.verified
    if (this.complete || this.#ids.has(id) || (recoder && this.#distrusted.has(encodeHex(recoder)))) return false
    const innovative = this.#span.commit(piece.piece.record.coefficients) === 'innovative'
    if (!innovative && this.#surplus === 0) return false
    this.#pieces.push(piece)
    this.#ids.add(id)
    const { index } = piece.verified
    if (index !== undefined && index < this.k) this.#sources.set(index, piece.piece)
    return true
  }

  /** Start again without some of the pieces. */
  discard(which: (piece: DownloadedPiece) => boolean): void {
    const kept = this.#pieces.filter(piece => !which(piece))
    this.#pieces.length = 0
    this.#sources.clear()
    this.#ids.clear()
    this.#span.release()
    this.#span = createDecoder(createJsEngine(), { k: this.k, pieceBytes: 1 })
    this.#surplus = 0
    for (const piece of kept) this.add(piece)
  }

  /**
   * Collect more, so that whoever signed most of what is here could be done without. When twice the segment is here and it still does not
   * show who lied, that one is done without.
   */
  dispute(): void {
    const bySigner = new Map<string, number>()
    for (const { verified } of this.#pieces) {
      const signer = verified.recoder && encodeHex(verified.recoder)
      if (signer !== undefined) bySigner.set(signer, (bySigner.get(signer) ?? 0) + 1)
    }
    const [most] = [...bySigner].sort(([, a], [, b]) => b - a)
    if (!most) return
    const [signer, count] = most
    this.#surplus += count
    if (this.#surplus <= this.k) return
    this.#distrusted.add(signer)
    this.discard(({ verified }) => verified.recoder !== undefined && encodeHex(verified.recoder) === signer)
  }

  /**
   * Compute the segment from whatever pieces are here. Source pieces are what their verified roots say, and are handed out as they came: only
   * those that were missing are hashed.
   * @returns its bytes, or undefined when they do not have its hash
   * @throws CraftecError `invalid-argument` before rank k, `aborted`
   */
  async decode(codec: SegmentCodec, hashes: HashEngine, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const bytes = await this.solve(codec, this.#pieces.map(coded), signal)
    const knownRoot = (index: number): Uint8Array | undefined => this.#sources.get(index)?.record.root
    const hash = await hashSegment(hashes, bytes, this.#manifest.pieceBytes, { knownRoot, signal })
    const expected = this.#manifest.segments[this.index]?.hash
    return expected && equalBytes(hash, expected) ? bytes : undefined
  }

  /** Decode some of the pieces. They are copied: a codec in a worker takes buffers away, and the pieces are still to be kept. */
  solve(codec: SegmentCodec, pieces: readonly CodedPiece[], signal: AbortSignal | undefined): Promise<Uint8Array> {
    const copies = pieces.map(
      ({ coefficients, data }): CodedPiece => ({ coefficients: coefficients.slice(), data: data.slice() })
    )
    const { pieceBytes } = this.#manifest
    return codec.decode({ k: this.k, pieceBytes, pieces: copies, sizeBytes: this.bytes }, { signal })
  }
}

export function coded({ piece }: DownloadedPiece): CodedPiece {
  return { coefficients: piece.record.coefficients, data: piece.data }
}
