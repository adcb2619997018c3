import { throwIfAborted } from '../../async/index.ts'
import { encodeHex } from '../../codec/index.ts'
import { KEY_BYTES } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { DEFAULT_PIECE_BYTES, DEFAULT_SEGMENT_BYTES } from '../coding/index.ts'
import { type ContentCipher, cipherLayout, createContentCipher, DEFAULT_CHUNK_BYTES } from '../content/index.ts'
import {
  type CommitResult,
  describeCommitted,
  type ManifestSegment,
  type SignedManifest,
  signManifest
} from '../manifest/index.ts'
import { pieceId } from '../piece/index.ts'
import type { ContentLabel, StoredPiece } from '../store/index.ts'
import { ContentNaming } from './content-naming.ts'
import { type CutSegment, cutSegments, type SegmentShape } from './cut-segments.ts'
import type { ObjContext } from './obj-context.ts'
import { sealChunks } from './seal-chunks.ts'
import { SegmentRooms } from './segment-rooms.ts'
import { freedChunks, type OpenedSource } from './source-chunks.ts'

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

/**
 * Segments of bytes in memory that are being filled, hashed, coded or written; each takes its size and a fifth in memory. Three were slower
 * by a twentieth.
 */
export const SEGMENTS_AT_ONCE = 4
/** Of a source that comes in parts: it is put in little memory, however large it is. */
const SEGMENTS_READ_AT_ONCE = 3
/** Where a store keeps note of content that has no manifest yet. */
export const DRAFT_PREFIX = 'draft/'
/** The note says when the put was last alive, to this many milliseconds; it takes a write to the disk. */
const NOTE_EVERY_MS = 60_000
/** As many segments as a manifest can have. */
const MAX_SEGMENTS = 65_536

/** What is in the store, and not yet in a manifest. */
interface KeptContent {
  readonly contentId: Uint8Array
  readonly size: number
  readonly pieceBytes: number
  readonly segments: readonly ManifestSegment[]
}

interface KeepOptions {
  readonly signal: AbortSignal
  /** It is with the store now: this thread has nothing more to do for it. */
  readonly onWriting: () => void
}

/**
 * Code, hash and store a source, in bounded memory. All of it is in the store, or nothing.
 * @param rooms memory to work in; who puts again has it cleared already
 * @throws CraftecError `storage-full` | `storage-unavailable` | `aborted` | `invalid-argument`, and what the source throws
 */
export async function putContent(
  context: ObjContext,
  source: OpenedSource,
  options: PutContentOptions,
  rooms = new SegmentRooms(SEGMENTS_AT_ONCE, context.clock)
): Promise<PutContentResult> {
  const draft = new Draft(context, context.random(KEY_BYTES), rooms)
  const release = rooms.use()
  try {
    return await draft.fill(source, options)
  } catch (error) {
    await draft.drop()
    throw error
  } finally {
    release()
    // what comes in parts is often too large to have in memory, and its room is wanted for sending it
    if (source.whole === undefined) rooms.clear()
  }
}

/** Content on its way into the store: kept under a provisional id, because its manifest can only be signed at the end. */
class Draft {
  readonly #context: ObjContext
  readonly #id: Uint8Array
  readonly #rooms: SegmentRooms
  #begun: Promise<void> | undefined
  #notedAt = 0

  constructor(context: ObjContext, id: Uint8Array, rooms: SegmentRooms) {
    this.#context = context
    this.#id = id
    this.#rooms = rooms
  }

  async fill(source: OpenedSource, options: PutContentOptions): Promise<PutContentResult> {
    const { store, random } = this.#context
    const shape = { segmentBytes: DEFAULT_SEGMENT_BYTES, pieceBytes: DEFAULT_PIECE_BYTES, ...options.shape }
    const key = options.encrypt ? random(KEY_BYTES) : undefined
    const cipher = key && createContentCipher(key, DEFAULT_CHUNK_BYTES)
    let plainSize = 0
    const onPlain = (bytes: number): void => {
      plainSize += bytes
      options.onProgress?.(plainSize)
    }
    const chunks = source.owned ? freedChunks(source.chunks) : source.chunks
    const { size } = source
    const naming = await ContentNaming.begin(this.#context, {
      sizeBytes: cipher && size !== undefined ? cipherLayout(size, cipher.chunkBytes).storedBytes : size,
      whole: cipher ? undefined : source.whole
    })
    const kept = await this.#keepAll(stored(chunks, cipher, onPlain), naming, shape, {
      atOnce: source.whole ? SEGMENTS_AT_ONCE : SEGMENTS_READ_AT_ONCE,
      signal: options.signal
    })
    const manifest = await this.#sign(kept, shape, cipher && { chunkBytes: cipher.chunkBytes, plainSize })
    const content = {
      manifestId: manifest.id,
      contentId: manifest.contentId,
      manifest: manifest.bytes,
      pieceBytes: manifest.pieceBytes,
      segments: manifest.segments.length,
      size: manifest.size,
      pinned: options.pin,
      origin: 'own' as const,
      ...(options.label ? { label: options.label } : {})
    }
    if (this.#begun === undefined) await store.addContent(content)
    else {
      await store.adopt(this.#id, content)
      // not waited for, and no failure of the put: of a note without its content the next start disposes
      void this.#forget().catch(() => {})
    }
    return { manifest, key }
  }

  /** Cut, hash, code and write: several segments at once, each in a thread of its own where there are some. */
  async #keepAll(
    bytes: AsyncIterable<Uint8Array>,
    naming: ContentNaming,
    shape: SegmentShape,
    { atOnce, signal }: { readonly atOnce: number; readonly signal: AbortSignal | undefined }
  ): Promise<KeptContent> {
    const segments: ManifestSegment[] = []
    const running = new Set<Promise<void>>()
    const inThisThread = new Set<Promise<void>>()
    const ending = new AbortController()
    const task = { signal: signal ? AbortSignal.any([signal, ending.signal]) : ending.signal }
    let [size, pieceBytes, failure]: [number, number, { error: unknown } | undefined] = [0, shape.pieceBytes, undefined]
    const check = (): void => {
      throwIfAborted(signal, 'put')
      if (failure) throw failure.error
    }
    try {
      for await (const cut of cutSegments(naming.passing(bytes), shape, roomBytes => this.#rooms.take(roomBytes))) {
        check()
        const index = Math.ceil(size / shape.segmentBytes)
        if (index >= MAX_SEGMENTS)
          throw new CraftecError('limit-exceeded', `a content has at most ${MAX_SEGMENTS} segments`)
        size += cut.sourceBytes
        pieceBytes = cut.pieceBytes
        const handed = Promise.withResolvers<void>()
        inThisThread.add(handed.promise)
        const onWriting = (): void => {
          inThisThread.delete(handed.promise)
          handed.resolve()
        }
        const kept = this.#keep(cut, index, { ...task, onWriting })
          .finally(onWriting)
          .then(segment => {
            segments[index] = segment
          })
          .catch((error: unknown) => {
            failure ??= { error }
            ending.abort()
          })
          .finally(() => running.delete(kept))
        running.add(kept)
        if (running.size < atOnce) continue
        await Promise.race(running)
      }
      await Promise.all(inThisThread)
      naming.meanwhile()
      await Promise.all(running)
      check()
      return { contentId: await naming.id(), size, pieceBytes, segments }
    } catch (error) {
      ending.abort()
      naming.cancel()
      // what is under way must not write to what is about to be dropped
      await Promise.all(running)
      throw error
    }
  }

  async #sign(
    { contentId, size, pieceBytes, segments }: KeptContent,
    shape: SegmentShape,
    encryption: { readonly chunkBytes: number; readonly plainSize: number } | undefined
  ): Promise<SignedManifest> {
    const { identity, clock } = this.#context
    return signManifest(
      {
        contentId,
        size,
        // content of less than a piece is one piece, and no more than its segment
        segmentBytes: pieceBytes < shape.pieceBytes ? pieceBytes : shape.segmentBytes,
        pieceBytes,
        createdAt: clock.now(),
        ...(encryption ? { encryption } : {}),
        segments
      },
      identity
    )
  }

  /** Never rejects: the error that led here is the one to tell. */
  async drop(): Promise<void> {
    if (this.#begun === undefined) return
    await this.#begun.catch(() => {})
    await this.#context.store.removeContent(this.#id).catch(() => {})
    await this.#forget().catch(() => {})
  }

  async #begin(pieceBytes: number): Promise<void> {
    // noted before it exists, so that a crash leaves nothing that nobody knows of
    await this.#note()
    await this.#context.store.addContent({
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

  async #note(): Promise<void> {
    const { store, clock } = this.#context
    const now = clock.now()
    if (this.#notedAt !== 0 && now - this.#notedAt < NOTE_EVERY_MS) return
    this.#notedAt = now
    await store.setValue(DRAFT_PREFIX + encodeHex(this.#id), timestamp(now))
  }

  #forget(): Promise<void> {
    return this.#context.store.setValue(DRAFT_PREFIX + encodeHex(this.#id), undefined)
  }

  /** One segment, until it is on the disk. */
  async #keep(cut: CutSegment, index: number, options: KeepOptions): Promise<ManifestSegment> {
    this.#begun ??= this.#begin(cut.pieceBytes)
    this.#begun.catch(() => {})
    const result = await this.#context.codec.commit(cut, options)
    await this.#begun
    await this.#note()
    return this.#write(cut, index, result, options)
  }

  async #write(
    { k, pieceBytes }: CutSegment,
    index: number,
    result: CommitResult,
    options: KeepOptions
  ): Promise<ManifestSegment> {
    const { hashing, store } = this.#context
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
    let { buffer } = result.pieces
    const giveBack = ([returned]: readonly ArrayBuffer[]): void => {
      buffer = returned ?? buffer
    }
    const stored = store.putPieces(this.#id, index, pieces, { transfer: true, giveBack, signal: options.signal })
    options.onWriting()
    await stored
    this.#rooms.give(buffer)
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
