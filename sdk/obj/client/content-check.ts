import { CraftecError } from '../../errors/index.ts'
import { equalBytes } from '../hashing/index.ts'
import { ContentDigest, type ContentDigestParts } from './content-digest.ts'

/** Compares a content with its id while it is read. */
export class ContentCheck {
  readonly #digest: ContentDigest

  constructor(parts: ContentDigestParts, sizeBytes: number) {
    this.#digest = new ContentDigest(parts, sizeBytes)
  }

  /** @param chunk the caller's to keep @throws what hashing throws */
  update(chunk: Uint8Array): Promise<void> {
    return this.#digest.update(chunk)
  }

  /** @throws CraftecError `content-corrupt`, and what hashing throws */
  async end(contentId: Uint8Array): Promise<void> {
    if (!equalBytes(await this.#digest.digest(), contentId))
      throw new CraftecError('content-corrupt', 'what was signed does not make the content asked for')
  }

  /** Give it up, if it did not end. */
  cancel(): void {
    this.#digest.cancel()
  }
}
