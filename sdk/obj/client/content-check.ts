import type { HashStream } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { equalBytes, type HashEngine } from '../hashing/index.ts'
import type { ContentHash, SegmentCodec } from '../transfer/index.ts'

/** Less is hashed sooner in this thread than another one starts. */
const INLINE_BYTES = 1024 * 1024
/** What goes to the other thread at once: a message for each chunk would cost as much as the hash. */
const BATCH_BYTES = 1024 * 1024
/** Batches that may be on their way. Their memory comes back and serves again. */
const MAX_BATCHES = 4

/** Compares a content with its id while it is read: in another thread, if there is one, since SHA-256 takes as long as the transfer. */
export class ContentCheck {
  readonly #hash: ContentHash | HashStream
  readonly #free: Uint8Array[] = []
  #batch: Uint8Array | undefined
  #filled = 0
  #waiting = 0
  #tail: Promise<unknown> = Promise.resolve()

  private constructor(hash: ContentHash | HashStream) {
    this.#hash = hash
  }

  static async begin(
    codec: Pick<SegmentCodec, 'hashStream'>,
    hashing: HashEngine,
    sizeBytes: number
  ): Promise<ContentCheck> {
    return new ContentCheck(sizeBytes <= INLINE_BYTES ? hashing.stream() : await codec.hashStream())
  }

  /** @param chunk the caller's to keep @throws what hashing throws */
  async update(chunk: Uint8Array): Promise<void> {
    if (!('cancel' in this.#hash)) {
      this.#hash.update(chunk)
      return
    }
    for (let at = 0; at < chunk.length; ) {
      // a codec in a worker takes buffers away, and gives them back
      this.#batch ??= this.#free.pop() ?? new Uint8Array(BATCH_BYTES)
      const part = chunk.subarray(at, at + BATCH_BYTES - this.#filled)
      this.#batch.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
      if (this.#filled === BATCH_BYTES) this.#send(this.#hash)
      if (this.#waiting >= MAX_BATCHES) await this.#tail
    }
  }

  #send(hash: ContentHash): void {
    const [batch, filled] = [this.#batch, this.#filled]
    if (!batch) return
    this.#batch = undefined
    this.#filled = 0
    this.#waiting++
    this.#tail = this.#tail.then(async () => {
      const { buffer } = await hash.update(batch.subarray(0, filled))
      this.#waiting--
      if (buffer.byteLength === BATCH_BYTES) this.#free.push(new Uint8Array(buffer))
    })
    this.#tail.catch(() => {}) // met at the next call
  }

  /** @throws CraftecError `content-corrupt`, and what hashing throws */
  async end(contentId: Uint8Array): Promise<void> {
    if ('cancel' in this.#hash) this.#send(this.#hash)
    await this.#tail
    if (!equalBytes(await this.#hash.digest(), contentId))
      throw new CraftecError('content-corrupt', 'what was signed does not make the content asked for')
  }

  /** Give it up, if it did not end. */
  cancel(): void {
    if ('cancel' in this.#hash) this.#hash.cancel()
  }
}
