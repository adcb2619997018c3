import type { HashStream } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { equalBytes, type HashEngine } from '../hashing/index.ts'
import type { ContentHash, SegmentCodec } from '../transfer/index.ts'

/** Less is hashed sooner in this thread than another one starts. */
const INLINE_BYTES = 1024 * 1024
/** What may wait to be hashed. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024

/** Compares a content with its id while it is read: in another thread, if there is one, since SHA-256 takes as long as the transfer. */
export class ContentCheck {
  readonly #hash: ContentHash | HashStream
  #waitingBytes = 0
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
    const hash = this.#hash
    // a codec in a worker takes the buffer away
    const copy = chunk.slice()
    this.#waitingBytes += chunk.length
    this.#tail = this.#tail
      .then(() => hash.update(copy))
      .then(() => {
        this.#waitingBytes -= chunk.length
      })
    this.#tail.catch(() => {}) // met at the next call
    if (this.#waitingBytes >= MAX_WAITING_BYTES) await this.#tail
  }

  /** @throws CraftecError `content-corrupt` */
  async end(contentId: Uint8Array): Promise<void> {
    await this.#tail
    if (!equalBytes(await this.#hash.digest(), contentId))
      throw new CraftecError('content-corrupt', 'what was signed does not make the content asked for')
  }

  /** Give it up, if it did not end. */
  cancel(): void {
    if ('cancel' in this.#hash) this.#hash.cancel()
  }
}
