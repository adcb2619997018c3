import { sha256 } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { ManifestSegment } from '../manifest/index.ts'
import { ContentDigest, type ContentDigestParts } from './content-digest.ts'
import { digestAtOnce } from './digest-at-once.ts'

/** What is known of a content before it is read. */
export interface ContentOutline {
  /** As it will be stored. Undefined when it shows only at the end. */
  readonly sizeBytes: number | undefined
  readonly segmentBytes: number
  /** All of it, if it lies in memory. */
  readonly whole: Uint8Array | undefined
}

/** Of a source that comes in larger chunks, or as one. */
const PART_BYTES = 1024 * 1024

/**
 * Finds the id of a content while it is cut into segments. Of one segment it is that segment's hash. Of bytes that lie in memory it is
 * one call of WebCrypto, where that is fast. Of everything else it is hashed as it passes.
 */
export class ContentNaming {
  readonly #digest: ContentDigest | undefined
  readonly #atOnce: (() => Promise<Uint8Array>) | undefined
  #id: Promise<Uint8Array> | undefined

  private constructor(digest: ContentDigest | undefined, atOnce: (() => Promise<Uint8Array>) | undefined) {
    this.#digest = digest
    this.#atOnce = atOnce
  }

  /** @param tryAtOnce finds out whether bytes in memory can be hashed by one call */
  static async begin(
    parts: ContentDigestParts,
    outline: ContentOutline,
    tryAtOnce: typeof digestAtOnce = digestAtOnce
  ): Promise<ContentNaming> {
    const { sizeBytes, segmentBytes, whole } = outline
    if (sizeBytes !== undefined && sizeBytes <= segmentBytes) return new ContentNaming(undefined, undefined)
    const atOnce = whole && (await tryAtOnce(whole))
    return new ContentNaming(atOnce ? undefined : new ContentDigest(parts), atOnce)
  }

  /** @returns the same bytes, in parts, so that hash and coding have work while the next is copied */
  async *passing(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const chunk of chunks)
      for (let at = 0; at < chunk.length; at += PART_BYTES) {
        const part = chunk.subarray(at, at + PART_BYTES)
        await this.#digest?.update(part)
        yield part
      }
  }

  /** Others are busy with what passed: the time to take this thread. */
  meanwhile(): void {
    this.#id ??= this.#atOnce?.()
    this.#id?.catch(() => {}) // met by `id`
  }

  /** All has passed. @param segments in their order @returns 32 bytes */
  async id([only, second]: readonly ManifestSegment[]): Promise<Uint8Array> {
    if (only && !second) return only.hash
    this.meanwhile()
    const id = this.#id ?? this.#digest?.digest()
    if (id) return id
    if (only) throw new CraftecError('invalid-argument', 'the source became longer while it was read')
    return sha256(new Uint8Array(0))
  }

  /** Give it up, if it did not end. */
  cancel(): void {
    this.#digest?.cancel()
  }
}
