import type { RandomBytes } from '../../sdk/async/index.ts'
import { createIdentity, type Identity } from '../../sdk/identity/index.ts'
import {
  type CodedPiece,
  type CommittedTable,
  commitSegment,
  createJsEngine,
  createJsHashEngine,
  createRecoder,
  describeCommitted,
  encodeProvenance,
  manifestSegmentation,
  type PieceHeader,
  parityPieces,
  type SignedManifest,
  signManifest,
  signRecoded
} from '../../sdk/obj/index.ts'
import { seededRandom } from '../vectors/seeded-random.ts'

export interface PublishedPiece extends PieceHeader, CodedPiece {}

export interface PublishedSegment {
  readonly bytes: Uint8Array
  readonly table: CommittedTable
  /** All committed pieces: source, then parity. */
  readonly pieces: readonly PublishedPiece[]
}

export interface PublishedContent {
  readonly bytes: Uint8Array
  readonly manifest: SignedManifest
  readonly segments: readonly PublishedSegment[]
  readonly publisher: Identity
  readonly random: RandomBytes
}

export const coding = createJsEngine()
export const hashing = createJsHashEngine()

export interface PublishOptions {
  readonly size?: number
  readonly pieceBytes?: number
  readonly segmentBytes?: number
  readonly seed?: string
  readonly publisher?: Identity
  /** What a dishonest publisher does to the pieces of a segment before it commits to them. */
  readonly tamper?: (pieces: Uint8Array) => void
}

/** Real content, published as `put` does it, small enough for a test. */
export async function publishContent(options: PublishOptions = {}): Promise<PublishedContent> {
  const { size = 20_000, pieceBytes = 2_048, segmentBytes = 8 * pieceBytes, seed = 'published content' } = options
  const random = seededRandom(seed)
  const publisher = options.publisher ?? createIdentity(random)
  const bytes = random(size)
  const cut = manifestSegmentation({ size, segmentBytes, pieceBytes })
  const parts: (PublishedSegment & { readonly entry: ReturnType<typeof describeCommitted>['segment'] })[] = []
  for (let index = 0; index < cut.count; index++) {
    const { offset, bytes: sourceBytes, k } = cut.segment(index)
    const source = bytes.subarray(offset, offset + sourceBytes)
    const room = new Uint8Array((k + parityPieces(k)) * pieceBytes)
    room.set(source)
    const committed = await commitSegment(coding, hashing, { k, pieceBytes, pieces: room, sourceBytes }, random)
    if (options.tamper) {
      options.tamper(room)
      for (let at = 0; at * pieceBytes < room.length; at++)
        committed.pieceRoots.set(hashing.pieceRoot(room.subarray(at * pieceBytes, (at + 1) * pieceBytes)), at * 32)
    }
    const { table, segment: entry } = describeCommitted(hashing, k, committed)
    const pieces = Array.from({ length: table.count }, (_, at) => ({
      coefficients: table.coefficients(at),
      root: table.pieceRoot(at),
      provenance: table.provenance(at),
      data: room.slice(at * pieceBytes, (at + 1) * pieceBytes)
    }))
    parts.push({ bytes: source, table, pieces, entry })
  }
  const contentId = hashing.stream().update(bytes).digest()
  const manifest = await signManifest(
    {
      contentId,
      size,
      segmentBytes,
      pieceBytes,
      createdAt: 1_700_000_000_000,
      segments: parts.map(part => part.entry)
    },
    publisher
  )
  return { bytes, manifest, segments: parts, publisher, random }
}

/** A piece recoded from `inputs` and signed. @param pollute changes its data before the root is taken: a signed lie */
export async function recodedPiece(
  { manifest, random }: Pick<PublishedContent, 'manifest' | 'random'>,
  segment: number,
  inputs: readonly CodedPiece[],
  recoder: Identity,
  pollute: (data: Uint8Array) => void = () => {}
): Promise<PublishedPiece> {
  const k = inputs[0]?.coefficients.length ?? 0
  const machine = createRecoder(coding, { k, pieceBytes: manifest.pieceBytes }, random, Math.max(2, inputs.length))
  for (const input of inputs) machine.hold(input)
  const { coefficients, data } = machine.recode()
  machine.release()
  pollute(data)
  const root = hashing.pieceRoot(data)
  const signature = await signRecoded(recoder, { manifestId: manifest.id, segment, coefficients, root })
  const provenance = encodeProvenance({ kind: 'recoded', recoder: recoder.publicKey, signature })
  return { coefficients, root, provenance, data }
}
