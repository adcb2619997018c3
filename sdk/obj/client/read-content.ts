import { TAG_BYTES } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { cipherLayout, createContentCipher } from '../content/index.ts'
import type { HashEngine } from '../hashing/index.ts'
import { manifestSegmentation, type SignedManifest } from '../manifest/index.ts'
import type { ContentFetcher, SegmentCodec, SegmentReading } from '../transfer/index.ts'
import { ContentCheck } from './content-check.ts'

export interface ReadRange {
  /** First byte, of the content as it was put. */
  readonly from: number
  /** Behind the last byte. */
  readonly to: number
}

/** What is fetched ahead of the segment that is read, in bytes: two of the usual segments. */
const AHEAD_BYTES = 20 * 1024 * 1024
/** Segments, however small they are. */
const MAX_AHEAD = 32

/** Bytes of the content as it was put: decrypted, if it was encrypted. */
export function contentSize(manifest: SignedManifest): number {
  return manifest.encryption?.plainSize ?? manifest.size
}

export interface ContentSource {
  readonly fetcher: ContentFetcher
  readonly codec: SegmentCodec
  readonly hashing: HashEngine
  /** The link names the manifest; without that, it may be a stranger's, of something else. */
  readonly isNamed: boolean
}

/**
 * The bytes of a range, in order. Only pieces that it touches are fetched, or the segments around them when those pieces are not to be had.
 * The publisher signed for every byte that is handed out: as part of a piece that the manifest commits to, or of a segment that was
 * computed and has its hash. A whole read also checks the content id, before its last piece is handed out: a manifest that somebody
 * else signed for this id is found out then. Of content of one segment nothing is handed out before that, unless the link names the
 * manifest.
 * @param key of encrypted content, 32 bytes
 * @throws CraftecError `content-unavailable` | `content-corrupt` | `invalid-argument` (no key for encrypted content) | `malformed` (a wrong
 *   key)
 */
export async function* readContent(
  source: ContentSource,
  manifest: SignedManifest,
  range: ReadRange,
  key: Uint8Array | undefined
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!manifest.encryption) yield* readStored(source, manifest, range.from, range.to)
  else yield* readSealed(source, manifest, range, manifest.encryption, key)
}

async function* readSealed(
  source: ContentSource,
  manifest: SignedManifest,
  { from, to }: ReadRange,
  { plainSize, chunkBytes }: NonNullable<SignedManifest['encryption']>,
  key: Uint8Array | undefined
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!key) throw new CraftecError('invalid-argument', 'this content is encrypted: get takes the link, with its key')
  const layout = cipherLayout(plainSize, chunkBytes)
  const cipher = createContentCipher(key, chunkBytes)
  const span = layout.span(from, to)
  const sealedBytes = chunkBytes + TAG_BYTES
  let index = span.first
  let held = new Uint8Array(0)
  const open = function* (sealed: Uint8Array): Generator<Uint8Array> {
    const plain = cipher.open(index, index === layout.chunks - 1, sealed)
    const start = index * chunkBytes
    index++
    const part = plain.subarray(Math.max(0, from - start), Math.max(0, Math.min(plain.length, to - start)))
    if (part.length > 0) yield part
  }
  for await (const bytes of readStored(source, manifest, span.from, span.to)) {
    const joined = new Uint8Array(held.length + bytes.length)
    joined.set(held)
    joined.set(bytes, held.length)
    let at = 0
    for (; joined.length - at >= sealedBytes; at += sealedBytes) yield* open(joined.subarray(at, at + sealedBytes))
    held = joined.slice(at)
  }
  if (held.length > 0) yield* open(held)
}

async function* readStored(
  source: ContentSource,
  manifest: SignedManifest,
  from: number,
  to: number
): AsyncGenerator<Uint8Array, void, undefined> {
  const cut = manifestSegmentation(manifest)
  if (source.isNamed || cut.count > 1) return yield* readSigned(source, manifest, from, to)
  const parts: Uint8Array[] = []
  for await (const part of readSigned(source, manifest, 0, manifest.size)) parts.push(part)
  let at = 0
  for (const part of parts) {
    const wanted = part.subarray(Math.max(0, from - at), Math.max(0, to - at))
    at += part.length
    if (wanted.length > 0) yield wanted
  }
}

async function* readSigned(
  { fetcher, codec, hashing }: ContentSource,
  manifest: SignedManifest,
  from: number,
  to: number
): AsyncGenerator<Uint8Array, void, undefined> {
  if (from >= to) return
  const cut = manifestSegmentation(manifest)
  const [first, last] = [Math.floor(from / cut.segmentBytes), Math.floor((to - 1) / cut.segmentBytes)]
  const ahead = Math.min(MAX_AHEAD, Math.max(1, Math.floor(AHEAD_BYTES / cut.segmentBytes)))
  const isWhole = from === 0 && to === manifest.size
  const check = isWhole ? new ContentCheck({ codec, hashing }, manifest.size) : undefined
  const open = new Map<number, SegmentReading>()
  const partOf = (index: number): { readonly from: number; readonly to: number } => {
    const { offset, bytes } = cut.segment(index)
    return { from: Math.max(0, from - offset), to: Math.min(bytes, to - offset) }
  }
  try {
    for (let index = first; index <= last; index++) {
      for (let next = index; next <= Math.min(last, index + ahead); next++)
        if (!open.has(next)) open.set(next, fetcher.open(next, partOf(next)))
      const segment = open.get(index)
      if (!segment) continue
      const part = partOf(index)
      for (let at = part.from - (part.from % manifest.pieceBytes); at < part.to; at += manifest.pieceBytes) {
        const piece = await segment.source(at / manifest.pieceBytes)
        // a copy: the piece itself goes to the store
        const chunk = piece.slice(Math.max(0, part.from - at), Math.min(piece.length, part.to - at))
        await check?.update(chunk)
        if (index === last && at + manifest.pieceBytes >= part.to) await check?.end(manifest.contentId)
        yield chunk
      }
      // who lied about it is found out before it is let go
      if (part.from === 0 && part.to === cut.segment(index).bytes) await segment.completed
      open.delete(index)
      segment.release()
    }
  } finally {
    check?.cancel()
    for (const segment of open.values()) segment.release()
  }
}
