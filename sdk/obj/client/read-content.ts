import { TAG_BYTES } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { cipherLayout, createContentCipher } from '../content/index.ts'
import { equalBytes, type HashEngine } from '../hashing/index.ts'
import { manifestSegmentation, type SignedManifest } from '../manifest/index.ts'
import type { ContentFetcher } from '../transfer/index.ts'

export interface ReadRange {
  /** First byte, of the content as it was put. */
  readonly from: number
  /** Behind the last byte. */
  readonly to: number
}

/** Segments that are fetched ahead of the one that is read. */
const AHEAD = 2

/** Bytes of the content as it was put: decrypted, if it was encrypted. */
export function contentSize(manifest: SignedManifest): number {
  return manifest.encryption?.plainSize ?? manifest.size
}

/**
 * The bytes of a range, in order. Only the segments that it touches are fetched, and each has its hash before any of it is handed out.
 * A whole read also checks the content id, at its end: a manifest that somebody else signed for this id is found out then.
 * @param key of encrypted content, 32 bytes
 * @throws CraftecError `content-unavailable` | `content-corrupt` | `invalid-argument` (no key for encrypted content) | `malformed` (a wrong
 *   key)
 */
export async function* readContent(
  fetcher: ContentFetcher,
  hashing: HashEngine,
  manifest: SignedManifest,
  range: ReadRange,
  key: Uint8Array | undefined
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!manifest.encryption) yield* readStored(fetcher, hashing, manifest, range.from, range.to)
  else yield* readSealed(fetcher, hashing, manifest, range, manifest.encryption, key)
}

async function* readSealed(
  fetcher: ContentFetcher,
  hashing: HashEngine,
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
  for await (const bytes of readStored(fetcher, hashing, manifest, span.from, span.to)) {
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
  fetcher: ContentFetcher,
  hashing: HashEngine,
  manifest: SignedManifest,
  from: number,
  to: number
): AsyncGenerator<Uint8Array, void, undefined> {
  if (from >= to) return
  const cut = manifestSegmentation(manifest)
  const [first, last] = [Math.floor(from / cut.segmentBytes), Math.floor((to - 1) / cut.segmentBytes)]
  const whole = from === 0 && to === manifest.size && cut.count > 1 ? hashing.stream() : undefined
  const window = new Map<number, Promise<Uint8Array>>()
  for (let index = first; index <= last; index++) {
    for (let ahead = index; ahead <= Math.min(last, index + AHEAD); ahead++)
      if (!window.has(ahead)) window.set(ahead, fetcher.segment(ahead))
    const bytes = await (window.get(index) ?? fetcher.segment(index))
    window.delete(index)
    whole?.update(bytes)
    if (index === last && whole && !equalBytes(whole.digest(), manifest.contentId))
      throw new CraftecError('content-corrupt', 'the segments that were signed do not make the content asked for')
    const { offset } = cut.segment(index)
    yield bytes.subarray(Math.max(0, from - offset), Math.min(bytes.length, to - offset))
  }
}
