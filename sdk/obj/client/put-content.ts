import { throwIfAborted } from '../../async/index.ts'
import { encodeHex } from '../../codec/index.ts'
import { KEY_BYTES } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { DEFAULT_PIECE_BYTES, DEFAULT_SEGMENT_BYTES } from '../coding/index.ts'
import { type ContentCipher, createContentCipher, DEFAULT_CHUNK_BYTES } from '../content/index.ts'
import { describeCommitted, type ManifestSegment, type SignedManifest, signManifest } from '../manifest/index.ts'
import { pieceId } from '../piece/index.ts'
import type { ContentLabel, StoredPiece } from '../store/index.ts'
import type { ContentHash } from '../transfer/index.ts'
import { type CutSegment, cutSegments, type SegmentShape } from './cut-segments.ts'
import type { ObjContext } from './obj-context.ts'
import { sealChunks } from './seal-chunks.ts'
import type { OpenedSource } from './source-chunks.ts'

export interface PutContentOptions {
  readonly encrypt: boolean
  readonly pin: boolean
  readonly label: ContentLabel | undefined
  readonly shape?: Partial<SegmentShape>
  readonly signal?: AbortSignal | undefined
  /** @param bytes of the source taken so far */
  readonly onProgress?: ((bytes: number) => void) | undefined
}

export interface PutContentResult {
  readonly manifest: SignedManifest
  /** Present when the content was encrypted. Nobody else has it. */
  readonly key: Uint8Array | undefined
}

/** Segments that are being coded or written; each takes its size and a fifth in memory. */
const SEGMENTS_AT_ONCE = 2
/** Where a store keeps note of content that has no manifest yet. */
export const DRAFT_PREFIX = 'draft/'
/** As many segments as a manifest can have. */
const MAX_SEGMENTS = 65_536

/**
 * Code, hash and store a source, in bounded memory. All of it is in the store, or nothing.
 * @throws CraftecError `storage-full` | `storage-unavailable` | `aborted` | `invalid-argument`, and what the source throws
 */
export async function putContent(
  context: ObjContext,
  source: OpenedSource,
  options: PutContentOptions
): Promise<PutContentResult> {
  const draft = new Draft(context, context.random(KEY_BYTES))
  try {
    return await draft.fill(source, options)
  } catch (error) {
    await draft.drop()
    throw error
  }
}

/** Content on its way into the store: kept under a provisional id, because its manifest can only be signed at the end. */
class Draft {
  readonly #context: ObjContext
  readonly #id: Uint8Array
  #pieceBytes: number | undefined

  constructor(context: ObjContext, id: Uint8Array) {
    this.#context = context
    this.#id = id
  }

  async fill(source: OpenedSource, options: PutContentOptions): Promise<PutContentResult> {
    const { codec } = this.#context
    const whole = await codec.hashStream()
    try {
      return await this.#fill(source, options, whole)
    } catch (error) {
      whole.cancel()
      throw error
    }
  }

  async #fill(source: OpenedSource, options: PutContentOptions, whole: ContentHash): Promise<PutContentResult> {
    const { identity, store, clock, random } = this.#context
    const { encrypt, signal } = options
    const shape = { segmentBytes: DEFAULT_SEGMENT_BYTES, pieceBytes: DEFAULT_PIECE_BYTES, ...options.shape }
    const key = encrypt ? random(KEY_BYTES) : undefined
    const cipher = key && createContentCipher(key, DEFAULT_CHUNK_BYTES)
    const segments: ManifestSegment[] = []
    const running = new Set<Promise<void>>()
    let [size, plainSize] = [0, 0]
    const onPlain = (bytes: number): void => {
      plainSize += bytes
      options.onProgress?.(plainSize)
    }
    for await (const cut of cutSegments(stored(source.chunks, cipher, onPlain), shape)) {
      throwIfAborted(signal, 'put')
      if (segments.length + running.size >= MAX_SEGMENTS)
        throw new CraftecError('limit-exceeded', `a content has at most ${MAX_SEGMENTS} segments`)
      // Content is hashed in order, on one core; what is made of a segment meanwhile, on the others.
      const roomBytes = cut.pieces.length
      const hashed = await whole.update(cut.pieces.subarray(0, cut.sourceBytes))
      const pieces = new Uint8Array(hashed.buffer, hashed.byteOffset, roomBytes)
      const index = Math.ceil(size / shape.segmentBytes)
      size += cut.sourceBytes
      await this.#begin(cut.pieceBytes)
      const task = this.#commit({ ...cut, pieces }, index, signal).then(segment => {
        segments[index] = segment
      })
      running.add(task)
      // a failure is met where it is awaited, and must not count as unhandled before
      task.catch(() => {}).finally(() => running.delete(task))
      if (running.size >= SEGMENTS_AT_ONCE) await Promise.race(running)
    }
    await Promise.all(running)
    throwIfAborted(signal, 'put')
    const pieceBytes = this.#pieceBytes ?? shape.pieceBytes
    const manifest = await signManifest(
      {
        contentId: await whole.digest(),
        size,
        // content of less than a piece is one piece, and no more than its segment
        segmentBytes: pieceBytes < shape.pieceBytes ? pieceBytes : shape.segmentBytes,
        pieceBytes,
        createdAt: clock.now(),
        ...(cipher ? { encryption: { chunkBytes: cipher.chunkBytes, plainSize } } : {}),
        segments
      },
      identity
    )
    const content = {
      manifestId: manifest.id,
      contentId: manifest.contentId,
      manifest: manifest.bytes,
      pieceBytes: manifest.pieceBytes,
      segments: segments.length,
      size,
      pinned: options.pin,
      origin: 'own' as const,
      ...(options.label ? { label: options.label } : {})
    }
    if (segments.length === 0) await store.addContent(content)
    else await store.adopt(this.#id, content)
    await this.#forget()
    return { manifest, key }
  }

  /** Never rejects: the error that led here is the one to tell. */
  async drop(): Promise<void> {
    const { store } = this.#context
    if (this.#pieceBytes === undefined) return
    await store.removeContent(this.#id).catch(() => {})
    await this.#forget().catch(() => {})
  }

  async #begin(pieceBytes: number): Promise<void> {
    const { store, clock } = this.#context
    // noted before it exists, so that a crash leaves nothing that nobody knows of
    await store.setValue(DRAFT_PREFIX + encodeHex(this.#id), timestamp(clock.now()))
    if (this.#pieceBytes !== undefined) return
    this.#pieceBytes = pieceBytes
    await store.addContent({
      manifestId: this.#id,
      contentId: this.#id,
      manifest: new Uint8Array(0),
      pieceBytes,
      segments: MAX_SEGMENTS,
      size: 0,
      pinned: true,
      origin: 'own'
    })
  }

  #forget(): Promise<void> {
    return this.#context.store.setValue(DRAFT_PREFIX + encodeHex(this.#id), undefined)
  }

  async #commit(cut: CutSegment, index: number, signal: AbortSignal | undefined): Promise<ManifestSegment> {
    const { codec, hashing, store } = this.#context
    const { k, pieceBytes } = cut
    const result = await codec.commit(cut, { signal })
    const { table, segment } = describeCommitted(hashing, k, result)
    const pieces = Array.from({ length: table.count }, (_, place): StoredPiece => {
      const [coefficients, root] = [table.coefficients(place), table.pieceRoot(place)]
      return {
        record: {
          id: pieceId(segment.hash, coefficients, root),
          coefficients,
          root,
          provenance: table.provenance(place)
        },
        data: result.pieces.subarray(place * pieceBytes, (place + 1) * pieceBytes)
      }
    })
    await store.putPieces(this.#id, index, pieces, { transfer: true, ...(signal ? { signal } : {}) })
    return segment
  }
}

function stored(
  chunks: AsyncIterable<Uint8Array>,
  cipher: ContentCipher | undefined,
  onPlain: (bytes: number) => void
): AsyncIterable<Uint8Array> {
  return cipher ? sealChunks(chunks, cipher, onPlain) : counted(chunks, onPlain)
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onPlain: (bytes: number) => void
): AsyncIterable<Uint8Array> {
  for await (const chunk of chunks) {
    onPlain(chunk.length)
    yield chunk
  }
}

function timestamp(ms: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, ms)
  return bytes
}

/** @returns milliseconds since the Unix epoch; 0 for what is no timestamp */
export function readTimestamp(bytes: Uint8Array): number {
  return bytes.length === 8 ? new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0) : 0
}
