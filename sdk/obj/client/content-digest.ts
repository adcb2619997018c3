import type { HashEngine } from '../hashing/index.ts'
import type { ContentHash, SegmentCodec } from '../transfer/index.ts'

/**
 * What goes to the other thread at once: a message for each chunk would cost as much as the hash. Content of less is hashed in this
 * thread, sooner than another one starts.
 */
const BATCH_BYTES = 1024 * 1024
/** Batches that may be on their way. Their memory comes back and serves again. */
const MAX_BATCHES = 4

export interface ContentDigestParts {
  readonly codec: Pick<SegmentCodec, 'hashStream'>
  readonly hashing: Pick<HashEngine, 'stream'>
}

/**
 * SHA-256 of a content as it passes: in another thread, if there is one, since one long message can only be hashed by one, and takes as
 * long as all else that is done with it. Chunks are copied, so that nothing waits for the hash but the next chunk.
 */
export class ContentDigest {
  readonly #parts: ContentDigestParts
  readonly #batchBytes: number
  readonly #free: Uint8Array[] = []
  #batch: Uint8Array | undefined
  #filled = 0
  #hash: Promise<ContentHash> | undefined
  /** Batches on their way, oldest first; one that failed stays. */
  readonly #sent: Promise<void>[] = []

  /** @param sizeBytes of the content, where it is known */
  constructor(parts: ContentDigestParts, sizeBytes = BATCH_BYTES) {
    this.#parts = parts
    this.#batchBytes = Math.max(1, Math.min(sizeBytes, BATCH_BYTES))
  }

  /** @param chunk the caller's to keep @throws what hashing throws, then or at a later call */
  async update(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      if (this.#filled === this.#batchBytes) this.#send()
      if (this.#sent.length >= MAX_BATCHES) await this.#sent[0]
      // a codec in a worker takes buffers away, and gives them back
      this.#batch ??= this.#free.pop() ?? new Uint8Array(this.#batchBytes)
      const part = chunk.subarray(at, at + this.#batchBytes - this.#filled)
      this.#batch.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
    }
  }

  /** End of the content. @returns 32 bytes @throws what hashing throws */
  async digest(): Promise<Uint8Array> {
    if (this.#hash === undefined) {
      const hash = this.#parts.hashing.stream()
      return (this.#batch ? hash.update(this.#batch.subarray(0, this.#filled)) : hash).digest()
    }
    this.#send()
    await Promise.all(this.#sent)
    return (await this.#hash).digest()
  }

  /** Give it up, if it did not end. */
  cancel(): void {
    this.#hash?.then(
      hash => hash.cancel(),
      () => {}
    )
  }

  #send(): void {
    const [batch, filled] = [this.#batch, this.#filled]
    if (!batch) return
    this.#batch = undefined
    this.#filled = 0
    this.#hash ??= this.#parts.codec.hashStream()
    const sent = this.#hash
      .then(hash => hash.update(batch.subarray(0, filled)))
      .then(({ buffer }) => {
        this.#sent.shift()
        if (buffer.byteLength === this.#batchBytes) this.#free.push(new Uint8Array(buffer))
      })
    this.#sent.push(sent)
    sent.catch(() => {}) // met at the next call
  }
}
