import { equalBytes } from '../hashing/index.ts'
import type { SignedManifest } from '../manifest/index.ts'
import { decodeProvenance } from '../piece/index.ts'
import type { PieceRecord } from '../store/index.ts'
import { committedIndex } from './committed-index.ts'
import type { FetchContext } from './fetch-context.ts'
import type { IndexSet } from './index-set.ts'
import type { SegmentDownload } from './segment-download.ts'

/** Reads at once: a store in a worker answers them together. */
const READS = 8

/**
 * Add to a download what an earlier fetch, or somebody's offer, left in the store. Provenance was verified when it came; bytes can rot, so
 * they are hashed again, and those that changed are removed.
 * @param wanted source pieces that are all that is needed, if they are here
 */
export async function takeLocalPieces(
  { store, hashes }: Pick<FetchContext, 'store' | 'hashes'>,
  manifest: SignedManifest,
  download: SegmentDownload,
  wanted: IndexSet | undefined
): Promise<void> {
  const records = inOrderOfUse(await store.pieces(manifest.id, download.index), wanted)
  const rotten: Uint8Array[] = []
  for (let at = 0; at < records.length && !isEnough(download, wanted); at += READS) {
    const batch = records.slice(at, at + READS)
    const data = await Promise.all(batch.map(({ id }) => store.readPiece(manifest.id, download.index, id)))
    for (const [place, record] of batch.entries()) {
      const bytes = data[place]
      if (!bytes || download.complete) continue
      if (equalBytes(hashes.pieceRoot(bytes), record.root)) add(download, record, bytes)
      else rotten.push(record.id)
    }
  }
  if (rotten.length > 0) await store.removePieces(manifest.id, download.index, rotten)
}

function isEnough(download: SegmentDownload, wanted: IndexSet | undefined): boolean {
  if (download.complete) return true
  if (!wanted) return false
  for (const index of wanted) if (!download.source(index)) return false
  return true
}

/** What is wanted, then other source pieces, which need no decoding, then the rest. */
function inOrderOfUse(records: readonly PieceRecord[], wanted: IndexSet | undefined): PieceRecord[] {
  const place = ({ provenance }: PieceRecord): number => {
    const index = committedIndex(provenance) ?? Number.MAX_SAFE_INTEGER
    return wanted?.has(index) ? index - Number.MAX_SAFE_INTEGER : index
  }
  return records.toSorted((a, b) => place(a) - place(b))
}

function add(download: SegmentDownload, record: PieceRecord, data: Uint8Array): void {
  const origin = decodeProvenance(record.provenance)
  const verified = {
    id: record.id,
    index: origin.kind === 'committed' ? origin.index : undefined,
    recoder: origin.kind === 'recoded' ? origin.recoder : undefined
  }
  download.add({ piece: { record, data }, verified, from: undefined })
}
