/**
 * Blame. A segment was decoded and has the wrong hash: which pieces are not what they claim, and what is the segment?
 *
 * Committed pieces are the publisher's word and are never doubted: if they alone span the segment, they decide. Otherwise all is asked of
 * sketches first (sketch.ts), which cost microseconds:
 * 1. Pieces that do not fit the others are computed (find-suspects.ts). This finds any number of independent lies, if there is one more
 *    piece to spare than there are lies.
 * 2. Liars who agreed on what to lie escape that. So signers are left out: each one, each two, then random halves.
 * What is left is decoded and hashed. Once a decode has the segment's hash, every piece is recomputed from it, and whoever signed one
 * that differs has lied.
 *
 * Bounds: {@link MAX_CHOICES} choices, {@link MAX_DECODES} decodes. When that is not enough, more pieces are needed, best committed
 * ones: those cannot lie without the publisher.
 */
import { type RandomBytes, throwIfAborted } from '../../async/index.ts'
import { type CodedPiece, type CodingEngine, createDecoder, type Generation } from '../coding/index.ts'
import { equalBytes } from '../hashing/index.ts'
import { manifestSegmentation, type SignedManifest } from '../manifest/index.ts'
import { findSuspects } from './find-suspects.ts'
import { hypotheses } from './hypotheses.ts'
import { createPieceTruth } from './piece-truth.ts'
import { createSketcher } from './sketch.ts'

export const MAX_CHOICES = 256
export const MAX_DECODES = 16

/** A piece that was verified on arrival. */
export interface HeldPiece extends CodedPiece {
  /** Who signed it; undefined for a committed piece. */
  readonly recoder: Uint8Array | undefined
}

export type Blame =
  /** `liars` are pieces by their place in the list; nobody else lied. */
  | { readonly outcome: 'decoded'; readonly bytes: Uint8Array; readonly liars: readonly number[] }
  /** The committed pieces span the segment and do not have its hash. */
  | { readonly outcome: 'publisher-lied' }
  /** The pieces do not span the segment without those that may be lies, or the bound of work was reached. */
  | { readonly outcome: 'undecided' }

export interface BlameRequest {
  readonly manifest: SignedManifest
  readonly segment: number
  /** Of the segment's shape, verified, no two alike. */
  readonly pieces: readonly HeldPiece[]
  /** How much a signer is to be doubted, for instance by what it did before; the highest is left out first. Default: all alike. */
  readonly suspicion?: (recoder: Uint8Array) => number
}

export interface BlameTools {
  readonly engine: CodingEngine
  /** Decode k or more independent pieces to the bytes of the segment; may be done in a worker. */
  readonly decode: (pieces: readonly CodedPiece[], signal: AbortSignal | undefined) => Promise<Uint8Array>
  /** The hash of a whole segment, as its manifest should have it. */
  readonly hash: (bytes: Uint8Array) => Promise<Uint8Array>
  /** A CSPRNG. */
  readonly random: RandomBytes
  readonly signal?: AbortSignal | undefined
}

/** @throws CraftecError `invalid-argument` for a segment that does not exist, `aborted`, and what `decode` throws */
export async function findLiars(request: BlameRequest, tools: BlameTools): Promise<Blame> {
  const { manifest, segment, pieces } = request
  const { k } = manifestSegmentation(manifest).segment(segment)
  const expected = manifest.segments[segment]?.hash
  const { engine, decode, hash, random, signal } = tools

  const decodes = async (chosen: readonly number[]): Promise<Uint8Array | undefined> => {
    const bytes = await decode(
      chosen.flatMap(index => pieces[index] ?? []),
      signal
    )
    return expected && equalBytes(await hash(bytes), expected) ? bytes : undefined
  }
  const decoded = (bytes: Uint8Array): Blame => ({
    outcome: 'decoded',
    bytes,
    liars: differing(engine, { k, pieceBytes: manifest.pieceBytes }, bytes, pieces)
  })
  const committed = [...pieces.keys()].filter(index => pieces[index]?.recoder === undefined)
  if (rank(engine, k, pieces, committed) === k) {
    const bytes = await decodes(committed)
    return bytes ? decoded(bytes) : { outcome: 'publisher-lied' }
  }

  const groups = groupBySigner(request)
  const sketches = sketched(engine, manifest.pieceBytes, pieces, random)
  const trustedFirst = [...committed, ...groups.flat()]
  const suspects = findSuspects(
    engine,
    trustedFirst.flatMap(index => sketches[index] ?? []),
    k
  )?.map(place => trustedFirst[place])
  if (suspects !== undefined) {
    const chosen = trustedFirst.filter(index => !suspects.includes(index))
    const bytes = consistent(engine, k, sketches, chosen) ? await decodes(chosen) : undefined
    if (bytes) return decoded(bytes)
  }
  let choices = 0
  let tried = 0
  for (const left of hypotheses(groups.length, random)) {
    throwIfAborted(signal, 'finding who lied')
    if (choices++ === MAX_CHOICES || tried === MAX_DECODES) break
    const chosen = [...committed, ...groups.filter((_, group) => !left.includes(group)).flat()]
    if (!consistent(engine, k, sketches, chosen)) continue
    tried++
    const bytes = await decodes(chosen)
    if (bytes) return decoded(bytes)
  }
  return { outcome: 'undecided' }
}

function rank(engine: CodingEngine, k: number, pieces: readonly HeldPiece[], chosen: readonly number[]): number {
  const span = createDecoder(engine, { k, pieceBytes: 1 })
  try {
    for (const index of chosen) {
      const piece = pieces[index]
      if (piece && !span.complete) span.commit(piece.coefficients)
    }
    return span.rank
  } finally {
    span.release()
  }
}

/** Pieces of each signer, the most suspect first, then whoever sent most: a liar that sends little does little harm. */
function groupBySigner({ pieces, suspicion = () => 0 }: BlameRequest): number[][] {
  const groups: { readonly recoder: Uint8Array; readonly members: number[] }[] = []
  for (const [index, { recoder }] of pieces.entries()) {
    if (recoder === undefined) continue
    const group = groups.find(known => equalBytes(known.recoder, recoder))
    if (group) group.members.push(index)
    else groups.push({ recoder, members: [index] })
  }
  return groups
    .sort((a, b) => suspicion(b.recoder) - suspicion(a.recoder) || b.members.length - a.members.length)
    .map(({ members }) => members)
}

function sketched(
  engine: CodingEngine,
  pieceBytes: number,
  pieces: readonly HeldPiece[],
  random: RandomBytes
): CodedPiece[] {
  const sketcher = createSketcher(engine, pieceBytes, random)
  return pieces.map(({ coefficients, data }) => ({ coefficients, data: sketcher.sketch(data) }))
}

/** Whether pieces span the segment and, as far as sketches show, are combinations of the same sources. */
function consistent(
  engine: CodingEngine,
  k: number,
  sketches: readonly CodedPiece[],
  chosen: readonly number[]
): boolean {
  const shape = { k, pieceBytes: sketches[0]?.data.length ?? 1 }
  const span = createDecoder(engine, shape)
  try {
    const candidates = chosen.flatMap(index => sketches[index] ?? [])
    const spare = candidates.filter(sketch => span.complete || span.add(sketch) === 'redundant')
    return span.complete && differing(engine, shape, span.decode(), spare).length === 0
  } finally {
    span.release()
  }
}

/** Pieces that are not the combinations of `source` that their coefficients say. */
function differing(
  engine: CodingEngine,
  shape: Generation,
  source: Uint8Array,
  pieces: readonly CodedPiece[]
): number[] {
  const truth = createPieceTruth(engine, shape, source)
  try {
    return [...pieces.entries()]
      .filter(([, { coefficients, data }]) => !equalBytes(truth.piece(coefficients), data))
      .map(([index]) => index)
  } finally {
    truth.release()
  }
}
