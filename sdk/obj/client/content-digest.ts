import type { ManifestSegment } from '../manifest/index.ts'
import type { ContentHash, SegmentCodec } from '../transfer/index.ts'

/**
 * SHA-256 of a content that comes in segments. They are hashed one after the other, as the hash demands. Of a content that is one segment,
 * nothing is hashed here: the segment's hash is the content's.
 */
export class ContentDigest {
  readonly #codec: SegmentCodec
  readonly #second = Promise.withResolvers<boolean>()
  #hash: Promise<ContentHash> | undefined
  #last: Promise<unknown> = Promise.resolve()
  #segments = 0

  constructor(codec: SegmentCodec) {
    this.#codec = codec
  }

  /**
   * Add the next segment. The memory behind it may move to another thread; the result is where it is then.
   * @param room that the segment lies in front of, or will as soon as it is free
   * @param bytes of the segment
   * @returns the same room
   * @throws CraftecError as {@link ContentHash.update}, and what `room` rejects with
   */
  add(room: Uint8Array | Promise<Uint8Array>, bytes: number): Promise<Uint8Array> {
    const isFirst = this.#segments++ === 0
    if (this.#segments === 2) this.#second.resolve(true)
    const added = this.#last.then(async () => {
      const whole = await room
      if (isFirst && !(await this.#second.promise)) return whole
      this.#hash ??= this.#codec.hashStream()
      const { length } = whole
      const hashed = await (await this.#hash).update(whole.subarray(0, bytes))
      return new Uint8Array(hashed.buffer, hashed.byteOffset, length)
    })
    // whoever added it is told of the failure; those behind it fail for want of what it was to give
    this.#last = added
    added.catch(() => {})
    return added
  }

  /** There are no more segments. */
  end(): void {
    this.#second.resolve(false)
  }

  /** When all that was added is hashed. @param segments in their order @returns 32 bytes */
  async of(segments: readonly ManifestSegment[]): Promise<Uint8Array> {
    const [only, second] = segments
    if (only && !second) return only.hash
    this.#hash ??= this.#codec.hashStream()
    return (await this.#hash).digest()
  }

  cancel(): void {
    this.end()
    this.#hash?.then(
      hash => hash.cancel(),
      () => {}
    )
  }
}
