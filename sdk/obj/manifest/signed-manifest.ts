/**
 * The manifest's bytes. Little-endian, one encoding for one manifest, nothing optional at the end: whoever changes anything makes
 * another manifest.
 */
import { ByteReader, ByteWriter } from '../../codec/index.ts'
import { cryptoEngine, KEY_BYTES, SIGNATURE_BYTES, sha256 } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { Identity } from '../../identity/index.ts'
import { equalBytes, HASH_BYTES } from '../hashing/index.ts'
import { MAX_MANIFEST_BYTES, type Manifest, manifestSegmentation, wrongManifest } from './manifest.ts'

/** A manifest whose signature holds. */
export interface SignedManifest extends Manifest {
  /** SHA-256 of `bytes`. */
  readonly id: Uint8Array
  /** As signed, stored and sent. */
  readonly bytes: Uint8Array
}

/** What the caller knows already: a manifest that says otherwise is refused. */
export interface ManifestExpectation {
  readonly manifestId?: Uint8Array | undefined
  readonly contentId?: Uint8Array | undefined
}

/** "CMAN" */
const MAGIC = 0x434d_414e
const VERSION = 1
const ENCRYPTED = 1
const LABEL = /* @__PURE__ */ new TextEncoder().encode('craftec-obj-manifest-1')
const SEGMENT_BYTES = HASH_BYTES + 2 + HASH_BYTES

/** @throws CraftecError `invalid-argument` for a manifest that nobody would accept */
export async function signManifest(fields: Omit<Manifest, 'publisher'>, identity: Identity): Promise<SignedManifest> {
  const manifest: Manifest = { ...fields, publisher: identity.publicKey }
  const wrong = wrongManifest(manifest)
  if (wrong !== undefined) throw new CraftecError('invalid-argument', `manifest: ${wrong}`)
  const body = encodeBody(manifest)
  const signature = await identity.sign(signedBytes(body))
  const bytes = new ByteWriter(body.length + SIGNATURE_BYTES).bytes(body).bytes(signature).finish()
  if (bytes.length > MAX_MANIFEST_BYTES)
    throw new CraftecError(
      'invalid-argument',
      `a manifest has at most ${MAX_MANIFEST_BYTES} bytes, this one ${bytes.length}: use larger segments`
    )
  return { ...manifest, id: sha256(bytes), bytes }
}

/**
 * Read a manifest and verify its signature. Copies what it keeps.
 * @throws CraftecError `malformed` | `invalid-signature` | `limit-exceeded` over 4 MiB
 */
export function openManifest(input: Uint8Array, expected: ManifestExpectation = {}): SignedManifest {
  if (input.length > MAX_MANIFEST_BYTES)
    throw new CraftecError('limit-exceeded', `a manifest has at most ${MAX_MANIFEST_BYTES} bytes, got ${input.length}`)
  const bytes = input.slice()
  const id = sha256(bytes)
  if (expected.manifestId && !equalBytes(id, expected.manifestId))
    throw new CraftecError('malformed', 'manifest: not the one that was asked for')
  const reader = new ByteReader(bytes, 'manifest')
  const manifest = readBody(reader)
  const body = bytes.subarray(0, bytes.length - reader.remaining)
  const signature = reader.bytes(SIGNATURE_BYTES)
  reader.end()
  if (expected.contentId && !equalBytes(manifest.contentId, expected.contentId))
    throw new CraftecError('malformed', 'manifest: of another content than was asked for')
  if (!cryptoEngine().ed25519Verify(manifest.publisher, signedBytes(body), signature))
    throw new CraftecError('invalid-signature', 'manifest: the signature is not its publisher’s')
  return { ...manifest, id, bytes }
}

function encodeBody(manifest: Manifest): Uint8Array {
  const { contentId, size, segmentBytes, pieceBytes, createdAt, publisher, encryption, segments } = manifest
  const writer = new ByteWriter(128 + segments.length * SEGMENT_BYTES)
    .u32(MAGIC)
    .u8(VERSION)
    .u8(encryption ? ENCRYPTED : 0)
    .bytes(contentId)
    .u64le(BigInt(size))
    .u32le(segmentBytes)
    .u32le(pieceBytes)
    .u64le(BigInt(createdAt))
    .bytes(publisher)
  if (encryption) writer.u32le(encryption.chunkBytes).u64le(BigInt(encryption.plainSize))
  for (const { hash, committed, committedRoot } of segments) writer.bytes(hash).u16le(committed).bytes(committedRoot)
  return writer.finish()
}

function readBody(reader: ByteReader): Manifest {
  if (reader.u32() !== MAGIC) throw reader.malformed('does not begin with CMAN')
  const version = reader.u8()
  if (version !== VERSION) throw reader.malformed(`version ${version}, expected ${VERSION}`)
  const flags = reader.u8()
  if ((flags & ~ENCRYPTED) !== 0) throw reader.malformed(`unknown flags ${flags}`)
  const header = {
    contentId: reader.bytes(HASH_BYTES),
    size: readSafe(reader),
    segmentBytes: reader.u32le(),
    pieceBytes: reader.u32le(),
    createdAt: readSafe(reader),
    publisher: reader.bytes(KEY_BYTES),
    ...(flags & ENCRYPTED ? { encryption: { chunkBytes: reader.u32le(), plainSize: readSafe(reader) } } : {})
  }
  const wanted = segmentCount(header, reader)
  const present = (reader.remaining - SIGNATURE_BYTES) / SEGMENT_BYTES
  if (present !== wanted) throw reader.malformed(`${present} segments for a size that has ${wanted}`)
  const manifest: Manifest = {
    ...header,
    segments: Array.from({ length: wanted }, () => ({
      hash: reader.bytes(HASH_BYTES),
      committed: reader.u16le(),
      committedRoot: reader.bytes(HASH_BYTES)
    }))
  }
  const wrong = wrongManifest(manifest)
  if (wrong !== undefined) throw reader.malformed(wrong)
  return manifest
}

function segmentCount(header: Pick<Manifest, 'size' | 'segmentBytes' | 'pieceBytes'>, reader: ByteReader): number {
  try {
    return manifestSegmentation(header).count
  } catch (error) {
    throw error instanceof CraftecError ? reader.malformed(error.message) : error
  }
}

/** A u64 that a JavaScript number holds exactly. */
function readSafe(reader: ByteReader): number {
  const value = reader.u64le()
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw reader.malformed(`a number of ${value}`)
  return Number(value)
}

function signedBytes(body: Uint8Array): Uint8Array {
  return new ByteWriter(LABEL.length + body.length).bytes(LABEL).bytes(body).finish()
}
