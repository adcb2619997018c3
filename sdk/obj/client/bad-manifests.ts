import { encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { peerIdFromPublicKey } from '../../identity/index.ts'
import type { SignedManifest } from '../manifest/index.ts'

/** Remembered; the one met longest ago is forgotten first. */
const MAX_MANIFESTS = 1024

/** Manifests whose segments, each as signed, did not make the content that they were signed for: their publishers lied. */
export class BadManifests {
  readonly #ids = new Set<string>()

  has(manifestId: Uint8Array): boolean {
    return this.#ids.has(encodeHex(manifestId))
  }

  /** @returns what to tell whoever read it */
  add({ id, publisher }: SignedManifest, cause: CraftecError): CraftecError {
    this.#ids.add(encodeHex(id))
    const [oldest] = this.#ids
    if (this.#ids.size > MAX_MANIFESTS && oldest !== undefined) this.#ids.delete(oldest)
    const liar = peerIdFromPublicKey(publisher)
    return new CraftecError(
      'content-corrupt',
      `what ${liar} published under this content id does not make it; reading again leaves that manifest out`,
      { cause, details: { publisher: liar, manifestId: encodeHex(id) } }
    )
  }
}
