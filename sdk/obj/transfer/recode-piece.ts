import type { RandomBytes } from '../../async/index.ts'
import type { Identity } from '../../identity/index.ts'
import { type CodingEngine, createRecoder } from '../coding/index.ts'
import type { HashEngine } from '../hashing/index.ts'
import { encodeProvenance, signRecoded } from '../piece/index.ts'
import type { PieceRecord, PieceStore } from '../store/index.ts'
import { committedIndex } from './committed-index.ts'
import type { RecodedPiece } from './serve-transfer.ts'

/**
 * Held pieces that go into a new one. Two would do for it to differ; more make it less likely that pieces of different holders
 * depend on each other.
 */
const INPUTS = 8

export interface RecodeContext {
  readonly store: PieceStore
  readonly engine: CodingEngine
  readonly hashes: HashEngine
  readonly identity: Identity
  readonly random: RandomBytes
}

/**
 * Make a new piece out of committed ones that are held, and sign it. Only of those: they were verified against the manifest, so the
 * signature cannot become evidence against this node.
 * @returns undefined when fewer than two are held
 * @throws CraftecError those of the store
 */
export async function recodePiece(
  { store, engine, hashes, identity, random }: RecodeContext,
  manifestId: Uint8Array,
  segment: number
): Promise<RecodedPiece | undefined> {
  const held = (await store.pieces(manifestId, segment)).filter(
    ({ provenance }) => committedIndex(provenance) !== undefined
  )
  const chosen = pick(held, Math.min(INPUTS, held.length), random)
  const first = await read(store, manifestId, segment, chosen[0])
  if (!first || chosen.length < 2) return undefined
  const k = first.coefficients.length
  const recoder = createRecoder(engine, { k, pieceBytes: first.data.length }, random, chosen.length)
  try {
    recoder.hold(first)
    for (const record of chosen.slice(1)) {
      const piece = await read(store, manifestId, segment, record)
      if (piece) recoder.hold(piece)
    }
    if (recoder.held < 2) return undefined
    const { coefficients, data } = recoder.recode()
    const root = hashes.pieceRoot(data)
    const signature = await signRecoded(identity, { manifestId, segment, coefficients, root })
    const provenance = encodeProvenance({ kind: 'recoded', recoder: identity.publicKey, signature })
    return { head: { coefficients, root, provenance }, data }
  } finally {
    recoder.release()
  }
}

async function read(
  store: PieceStore,
  manifestId: Uint8Array,
  segment: number,
  record: PieceRecord | undefined
): Promise<{ coefficients: Uint8Array; data: Uint8Array } | undefined> {
  const data = record && (await store.readPiece(manifestId, segment, record.id))
  return record && data ? { coefficients: record.coefficients, data } : undefined
}

/** `count` of `items`, each set equally likely but for a bias of 2^-24. */
function pick<T>(items: readonly T[], count: number, random: RandomBytes): T[] {
  const pool = [...items]
  const chosen: T[] = []
  while (chosen.length < count) {
    const [a = 0, b = 0, c = 0, d = 0] = random(4)
    const [item] = pool.splice((((a << 24) | (b << 16) | (c << 8) | d) >>> 0) % pool.length, 1)
    if (item !== undefined) chosen.push(item)
  }
  return chosen
}
