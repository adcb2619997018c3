/**
 * A content in one file, to carry from device to device without a network, docs/protocol/craftobj.md: its manifest, and k independent
 * pieces of each segment, as they are stored. Whoever reads it verifies everything against the manifest, whatever wrote it.
 */
import { ByteReader, ByteWriter } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { createDecoder, createJsEngine } from '../coding/index.ts'
import type { HashEngine } from '../hashing/index.ts'
import { verifyPiece } from '../integrity/index.ts'
import { MAX_MANIFEST_BYTES, manifestSegmentation, openManifest, type SignedManifest } from '../manifest/index.ts'
import type { PieceRecord, PieceStore, StoredPiece } from '../store/index.ts'

/** "CARC" */
const MAGIC = 0x4341_5243
const VERSION = 1
const HEAD_BYTES = 4 + 1 + 4
/** segment ‖ k ‖ length of the provenance */
const PIECE_HEAD_BYTES = 4 + 1 + 2
const ROOT_BYTES = 32
const MAX_PROVENANCE_BYTES = 4096

/**
 * @throws CraftecError `content-unavailable` when the store does not hold enough pieces of a segment
 */
export async function* writeArchive(
  store: Pick<PieceStore, 'pieces' | 'readPiece'>,
  manifest: SignedManifest
): AsyncGenerator<Uint8Array, void, undefined> {
  yield new ByteWriter(HEAD_BYTES + manifest.bytes.length)
    .u32(MAGIC)
    .u8(VERSION)
    .u32(manifest.bytes.length)
    .bytes(manifest.bytes)
    .finish()
  for (const segment of manifest.segments.keys()) {
    const { k } = manifestSegmentation(manifest).segment(segment)
    for (const record of independent(await store.pieces(manifest.id, segment), k)) {
      const data = await store.readPiece(manifest.id, segment, record.id)
      if (!data) throw new CraftecError('content-unavailable', 'a piece went away while the content was exported')
      const { coefficients, root, provenance } = record
      yield new ByteWriter(PIECE_HEAD_BYTES + k + ROOT_BYTES + provenance.length + data.length)
        .u32(segment)
        .u8(k)
        .u16(provenance.length)
        .bytes(coefficients)
        .bytes(root)
        .bytes(provenance)
        .bytes(data)
        .finish()
    }
  }
}

/** @throws CraftecError `content-unavailable` */
function independent(records: readonly PieceRecord[], k: number): PieceRecord[] {
  const span = createDecoder(createJsEngine(), { k, pieceBytes: 1 })
  const chosen = records.filter(({ coefficients }) => !span.complete && span.commit(coefficients) === 'innovative')
  span.release()
  if (chosen.length < k)
    throw new CraftecError('content-unavailable', `only ${chosen.length} of ${k} pieces of a segment are here`)
  return chosen
}

export interface ArchivedPiece {
  readonly segment: number
  readonly piece: StoredPiece
}

/**
 * Read an archive: first its manifest, then its pieces, each verified. Holds one piece at a time.
 * @throws CraftecError `malformed` | `invalid-signature`, and what `chunks` throws
 */
export async function* readArchive(
  hashing: HashEngine,
  chunks: AsyncIterable<Uint8Array>
): AsyncGenerator<{ readonly manifest: SignedManifest } | ArchivedPiece, void, undefined> {
  const input = new ChunkReader(chunks)
  try {
    const head = new ByteReader(await input.take(HEAD_BYTES), 'content archive')
    if (head.u32() !== MAGIC) throw head.malformed('does not begin with CARC')
    const version = head.u8()
    if (version !== VERSION) throw head.malformed(`version ${version}`)
    const length = head.u32()
    if (length > MAX_MANIFEST_BYTES) throw head.malformed(`a manifest of ${length} bytes`)
    const manifest = openManifest(await input.take(length))
    yield { manifest }
    while (!(await input.atEnd())) {
      const fields = new ByteReader(await input.take(PIECE_HEAD_BYTES), 'content archive')
      const [segment, k, provenanceBytes] = [fields.u32(), fields.u8(), fields.u16()]
      if (provenanceBytes > MAX_PROVENANCE_BYTES) throw fields.malformed(`a provenance of ${provenanceBytes} bytes`)
      const coefficients = await input.take(k)
      const root = await input.take(ROOT_BYTES)
      const provenance = await input.take(provenanceBytes)
      const data = await input.take(manifest.pieceBytes)
      const { id } = verifyPiece(hashing, manifest, segment, { coefficients, root, provenance }, data)
      yield { segment, piece: { record: { id, coefficients, root, provenance }, data } }
    }
  } finally {
    await input.close()
  }
}

/** Takes exact lengths out of chunks of any length. */
class ChunkReader {
  readonly #iterator: AsyncIterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array(0)
  #ended = false

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#iterator = chunks[Symbol.asyncIterator]()
  }

  async atEnd(): Promise<boolean> {
    while (this.#chunk.length === 0 && !this.#ended) {
      const { done, value } = await this.#iterator.next()
      if (done) this.#ended = true
      else this.#chunk = value
    }
    return this.#chunk.length === 0
  }

  /** @returns a copy @throws CraftecError `malformed` when the input ends before */
  async take(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count)
    for (let filled = 0; filled < count; ) {
      if (await this.atEnd()) throw new CraftecError('malformed', 'content archive: ends in the middle')
      const part = this.#chunk.subarray(0, count - filled)
      bytes.set(part, filled)
      filled += part.length
      this.#chunk = this.#chunk.subarray(part.length)
    }
    return bytes
  }

  async close(): Promise<void> {
    if (!this.#ended) await this.#iterator.return?.()
  }
}
