import { throwIfAborted } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { SignedManifest } from '../manifest/index.ts'
import { type ArchivedPiece, readArchive } from './content-archive.ts'
import { newContent } from './find-content.ts'
import type { ObjContext } from './obj-context.ts'
import { openSource, type PutSource } from './source-chunks.ts'

export interface ImportOptions {
  readonly pin: boolean
  readonly signal: AbortSignal
}

/** Pieces in one write. */
const BATCH = 16

/**
 * Take an archive into the store. Every piece is verified; what was taken before an error stays.
 * @throws CraftecError `malformed` | `invalid-signature` | `storage-full` | `aborted`
 */
export async function importContent(
  { store, hashing }: Pick<ObjContext, 'store' | 'hashing'>,
  source: PutSource,
  { pin, signal }: ImportOptions
): Promise<SignedManifest> {
  let manifest: SignedManifest | undefined
  let batch: ArchivedPiece[] = []
  const flush = async (): Promise<void> => {
    const [first] = batch
    const pieces = batch.map(({ piece }) => piece)
    if (manifest && first) await store.putPieces(manifest.id, first.segment, pieces)
    batch = []
  }
  for await (const part of readArchive(hashing, openSource(source).chunks)) {
    throwIfAborted(signal, 'import')
    if ('manifest' in part) {
      manifest = part.manifest
      await store.addContent({ ...newContent(manifest), pinned: pin })
      continue
    }
    if (batch.length >= BATCH || (batch[0] && batch[0].segment !== part.segment)) await flush()
    batch.push(part)
  }
  await flush()
  if (!manifest) throw new CraftecError('malformed', 'content archive: empty')
  return manifest
}
