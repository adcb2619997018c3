import { findLiars } from '../integrity/index.ts'
import { hashSegment, type SignedManifest } from '../manifest/index.ts'
import type { FetchContext } from './fetch-context.ts'
import { proveLie } from './prove-lie.ts'
import { coded, type SegmentDownload } from './segment-download.ts'

export interface Settlement {
  readonly outcome: 'decoded' | 'publisher-lied' | 'undecided'
  /** The segment, when it could be decoded all the same. */
  readonly bytes: Uint8Array | undefined
  /** Whose signatures stand under pieces that are something else: who passed them on could not know. */
  readonly lies: readonly { readonly recoder: Uint8Array; readonly evidence: Uint8Array | undefined }[]
}

/**
 * Find out which pieces of a segment lie, and take them out of the download.
 * @throws CraftecError `aborted`, and what decoding throws
 */
export async function settleDispute(
  { codec, hashes, random, engine }: Pick<FetchContext, 'codec' | 'hashes' | 'random' | 'engine'>,
  manifest: SignedManifest,
  download: SegmentDownload,
  signal: AbortSignal
): Promise<Settlement> {
  const pieces = [...download.pieces]
  const blame = await findLiars(
    {
      manifest,
      segment: download.index,
      pieces: pieces.map(piece => ({ ...coded(piece), recoder: piece.verified.recoder }))
    },
    {
      engine: await engine(),
      decode: (chosen, given) => download.solve(codec, chosen, given),
      hash: bytes => hashSegment(hashes, bytes, manifest.pieceBytes, { signal }),
      random,
      signal
    }
  )
  if (blame.outcome !== 'decoded') return { outcome: blame.outcome, bytes: undefined, lies: [] }
  const { bytes } = blame
  const all = pieces.map(({ piece }) => piece)
  const liars = new Set(blame.liars.flatMap(index => pieces[index] ?? []))
  const lies = [...liars].flatMap(({ piece, verified: { recoder } }) =>
    recoder ? [{ recoder, evidence: proveLie(hashes, manifest, download.index, bytes, all, piece) }] : []
  )
  download.discard(piece => liars.has(piece))
  return { outcome: 'decoded', bytes, lies }
}
