import { encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { manifestSegmentation, openManifest, type SignedManifest } from '../manifest/index.ts'
import type { ContentInfo, PieceStore } from '../store/index.ts'

export interface OwnPiece {
  readonly manifest: SignedManifest
  readonly segment: number
  readonly id: Uint8Array
}

/**
 * Every piece that a store says it has, once: from the content behind `start` to the last, then from the first to `start`. Between two of
 * them any time may pass; what changed meanwhile is met or not.
 * @param start 32 bytes: a manifest id, or any other
 * @throws CraftecError those of the store
 */
export async function* ownPieces(store: PieceStore, start: Uint8Array): AsyncGenerator<OwnPiece, void, undefined> {
  const isBehind = ({ manifestId }: ContentInfo): boolean => encodeHex(manifestId) > encodeHex(start)
  for await (const content of contentsAfter(store, start)) yield* piecesOf(store, content)
  for await (const content of contentsAfter(store, undefined)) {
    if (isBehind(content)) return
    yield* piecesOf(store, content)
  }
}

async function* contentsAfter(store: PieceStore, start: Uint8Array | undefined): AsyncGenerator<ContentInfo> {
  for (let after = start; ; ) {
    const [content] = await store.contents({ limit: 1, ...(after ? { after } : {}) })
    if (content === undefined) return
    yield content
    after = content.manifestId
  }
}

async function* piecesOf(store: PieceStore, { manifestId, pieces }: ContentInfo): AsyncGenerator<OwnPiece> {
  const bytes = pieces > 0 ? await store.manifest(manifestId) : undefined
  const manifest = bytes && readable(bytes)
  if (manifest === undefined) return
  const { count } = manifestSegmentation(manifest)
  for (let segment = 0; segment < count; segment++)
    for (const { id } of await store.pieces(manifestId, segment)) yield { manifest, segment, id }
}

/** What is being put has no manifest yet; and one that rotted must not keep the walk from all that comes behind it. */
function readable(bytes: Uint8Array): SignedManifest | undefined {
  try {
    return openManifest(bytes)
  } catch (error) {
    if (error instanceof CraftecError) return undefined
    throw error
  }
}
