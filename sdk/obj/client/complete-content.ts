import { throwIfAborted } from '../../async/index.ts'
import { manifestSegmentation, type SignedManifest } from '../manifest/index.ts'
import type { ContentFetcher, SegmentReading } from '../transfer/index.ts'

/** Segments that are fetched at once. */
const AT_ONCE = 2

/**
 * Fetch what is not here.
 * @param held pieces of each segment that are here
 * @throws CraftecError as reading does
 */
export async function completeContent(
  fetcher: ContentFetcher,
  manifest: SignedManifest,
  held: ArrayLike<number>,
  signal: AbortSignal
): Promise<void> {
  const cut = manifestSegmentation(manifest)
  const open: SegmentReading[] = []
  const finish = async (): Promise<void> => {
    const oldest = open.shift()
    await oldest?.completed
    oldest?.release()
  }
  for (const index of manifest.segments.keys()) {
    throwIfAborted(signal, 'get')
    // k pieces may depend on each other only if some were recoded; the fetcher finds out, and costs little then
    if ((held[index] ?? 0) >= cut.segment(index).k) continue
    open.push(fetcher.open(index))
    if (open.length === AT_ONCE) await finish()
  }
  while (open.length > 0) await finish()
}
