import { encodeHex } from '../../codec/index.ts'
import { openManifest, type SignedManifest } from '../manifest/index.ts'
import type { PieceStore } from '../store/index.ts'

/** Opened manifests that are kept at hand: reading one anew costs a signature check and a hash over all of it. */
const MAX_OPEN = 32

/** The manifests of a store, opened. */
export class ManifestShelf {
  readonly #store: Pick<PieceStore, 'manifest'>
  readonly #open = new Map<string, SignedManifest>()

  constructor(store: Pick<PieceStore, 'manifest'>) {
    this.#store = store
  }

  /** @returns undefined when the store does not have it. @throws CraftecError `storage-corrupt` and others of the store */
  async get(manifestId: Uint8Array): Promise<SignedManifest | undefined> {
    const name = encodeHex(manifestId)
    let manifest = this.#open.get(name)
    this.#open.delete(name)
    if (!manifest) {
      const bytes = await this.#store.manifest(manifestId)
      if (!bytes) return undefined
      manifest = openManifest(bytes, { manifestId })
    }
    this.#open.set(name, manifest)
    const [oldest] = this.#open.keys()
    if (this.#open.size > MAX_OPEN && oldest !== undefined) this.#open.delete(oldest)
    return manifest
  }
}
