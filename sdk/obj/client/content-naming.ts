import { ContentDigest, type ContentDigestParts } from './content-digest.ts'
import { digestAtOnce } from './digest-at-once.ts'

/** What is known of a content before it is read. */
export interface ContentOutline {
  /** As it will be stored. Undefined when it shows only at the end. */
  readonly sizeBytes: number | undefined
  /** All of it, if it lies in memory. */
  readonly whole: Uint8Array | undefined
}

/** Of a source that comes in larger chunks, or as one. */
const PART_BYTES = 1024 * 1024

/**
 * Finds the id of a content while it is cut into segments: of bytes that lie in memory by one call of WebCrypto, where that is fast;
 * everything else is hashed as it passes.
 */
export class ContentNaming {
  readonly #way: ContentDigest | (() => Promise<Uint8Array>)
  #id: Promise<Uint8Array> | undefined

  private constructor(way: ContentDigest | (() => Promise<Uint8Array>)) {
    this.#way = way
  }

  /** @param tryAtOnce finds out whether bytes in memory can be hashed by one call */
  static async begin(
    parts: ContentDigestParts,
    outline: ContentOutline,
    tryAtOnce: typeof digestAtOnce = digestAtOnce
  ): Promise<ContentNaming> {
    const { sizeBytes, whole } = outline
    const atOnce = whole && (await tryAtOnce(whole))
    return new ContentNaming(atOnce ?? new ContentDigest(parts, sizeBytes))
  }

  /** @returns the same bytes, in parts, so that hash and coding have work while the next is copied */
  async *passing(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const chunk of chunks)
      for (let at = 0; at < chunk.length; at += PART_BYTES) {
        const part = chunk.subarray(at, at + PART_BYTES)
        if (this.#way instanceof ContentDigest) await this.#way.update(part)
        yield part
      }
  }

  /** All has passed, and others are busy with it: the time to take this thread. */
  meanwhile(): void {
    if (this.#way instanceof ContentDigest) return
    this.#id ??= this.#way()
    this.#id.catch(() => {}) // met by `id`
  }

  /** All has passed. @returns 32 bytes */
  id(): Promise<Uint8Array> {
    this.#id ??= this.#way instanceof ContentDigest ? this.#way.digest() : this.#way()
    return this.#id
  }

  /** Give it up, if it did not end. */
  cancel(): void {
    if (this.#way instanceof ContentDigest) this.#way.cancel()
  }
}
