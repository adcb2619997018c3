import { withDeadline } from '../../async/index.ts'
import type { RepairTask } from '../health/index.ts'
import { verifyPiece } from '../integrity/index.ts'
import type { SignedManifest } from '../manifest/index.ts'
import { decodeProvenance } from '../piece/index.ts'
import { HolderSession, IndexSet, type OfferedPiece, recodePiece } from '../transfer/index.ts'
import type { AskedHolder } from './audit-segment.ts'
import { certainTasks } from './certain-tasks.ts'
import type { KeeperContext } from './keeper-context.ts'

const PIECE_TIMEOUT_MS = 60_000

/**
 * Carry out a plan of repair, one piece after another. A task that fails is left to the next epoch.
 * @returns how many pieces were made and kept by somebody
 */
export async function repairSegment(
  context: KeeperContext,
  manifest: SignedManifest,
  segment: number,
  tasks: readonly RepairTask[],
  holders: ReadonlyMap<string, AskedHolder>,
  signal: AbortSignal
): Promise<number> {
  const own = await ownCommitted(context, manifest, segment)
  const certain = new Map(Array.from(holders, ([holder, { holdings }]) => [holder, holdings.committed.size]))
  certain.set(context.node.peerId, own.size)
  let made = 0
  for (const task of certainTasks(tasks, certain, context.node.peerId)) {
    if (signal.aborted) return made
    try {
      const piece = await makePiece(context, manifest, segment, task, holders, signal)
      if (piece && (await placePiece(context, manifest, segment, task.to, piece, holders, signal))) made++
    } catch {
      // Peers come and go, stores fill up; what a peer did wrong its session has dealt with.
    }
  }
  return made
}

async function makePiece(
  context: KeeperContext,
  manifest: SignedManifest,
  segment: number,
  { recoder, how, from }: RepairTask,
  holders: ReadonlyMap<string, AskedHolder>,
  signal: AbortSignal
): Promise<OfferedPiece | undefined> {
  const { node, store, coding, hashing, nodeIdentity, random } = context
  const own = recoder === node.peerId
  if (how === 'copy')
    return own
      ? ownPiece(context, manifest, segment)
      : fetchPiece(context, manifest, segment, holders.get(recoder), 'held', signal)
  if (!own) return fetchPiece(context, manifest, segment, holders.get(recoder), 'fresh', signal)
  if (how === 'fetch-and-recode') await gather(context, manifest, segment, from, holders, signal)
  return recodePiece({ store, engine: coding, hashes: hashing, identity: nodeIdentity, random }, manifest.id, segment)
}

/** Get a committed piece that is not here from `from`, and from others until there are two to combine. */
async function gather(
  context: KeeperContext,
  manifest: SignedManifest,
  segment: number,
  from: string | undefined,
  holders: ReadonlyMap<string, AskedHolder>,
  signal: AbortSignal
): Promise<void> {
  const others = [...holders].filter(([holder]) => holder !== from).map(([, holder]) => holder)
  let wanted = true
  for (const giver of [holders.get(from ?? ''), ...others]) {
    const own = await ownCommitted(context, manifest, segment)
    if (!wanted && own.size >= 2) return
    const index = [...(giver?.holdings.committed ?? [])].find(index => !own.has(index))
    if (index === undefined) continue
    const fetched = await fetchPiece(context, manifest, segment, giver, index, signal)
    if (fetched) await keep(context, manifest, segment, fetched)
    wanted &&= fetched === undefined
  }
}

/** A piece from a holder, verified: one that it has, a committed one by its place, or one that it makes of all it has. */
async function fetchPiece(
  { hashing, clock }: KeeperContext,
  manifest: SignedManifest,
  segment: number,
  holder: AskedHolder | undefined,
  which: 'held' | 'fresh' | number,
  signal: AbortSignal
): Promise<OfferedPiece | undefined> {
  if (!holder) return undefined
  const { session, holdings } = holder
  const [first] = holdings.committed
  const index = which === 'held' ? first : which
  const want = {
    manifestId: manifest.id,
    segment,
    committed: typeof index === 'number' ? IndexSet.of(index) : new IndexSet(),
    recoded: index === undefined ? 1 : 0,
    fresh: which === 'fresh' ? 1 : 0,
    rows: []
  }
  const waiting = { signal, clock, timeoutMs: PIECE_TIMEOUT_MS, what: 'piece for a repair' }
  let cancel = (): void => {}
  try {
    return await withDeadline(waiting, () => {
      const { promise, resolve } = Promise.withResolvers<OfferedPiece | undefined>()
      cancel = session.want(want, manifest.pieceBytes, {
        onPiece: (head, data) => {
          verifyPiece(hashing, manifest, segment, head, data)
          resolve({ head, data })
        },
        onEnd: () => resolve(undefined)
      })
      return Promise.race([promise, session.closed.then(() => undefined)])
    })
  } finally {
    cancel()
  }
}

async function placePiece(
  context: KeeperContext,
  manifest: SignedManifest,
  segment: number,
  to: string,
  piece: OfferedPiece,
  holders: ReadonlyMap<string, AskedHolder>,
  signal: AbortSignal
): Promise<boolean> {
  const { node, clock } = context
  if (to === node.peerId) return keep(context, manifest, segment, piece)
  const open = holders.get(to)?.session
  const peer = context.storagePeers().find(({ peerId }) => peerId === to)
  const session = open ?? (peer && (await HolderSession.open(node, peer, { signal, clock })))
  if (!session) return false
  try {
    const offer = { manifestId: manifest.id, segment, pieces: 1, pieceBytes: manifest.pieceBytes }
    const result = await session.offer(offer, manifest.bytes, async () => [piece], { signal })
    return result.outcome === 'stored'
  } finally {
    if (!open) void session.close()
  }
}

async function keep(
  { store, hashing }: KeeperContext,
  manifest: SignedManifest,
  segment: number,
  { head, data }: OfferedPiece
): Promise<boolean> {
  const { id } = verifyPiece(hashing, manifest, segment, head, data)
  return (await store.putPieces(manifest.id, segment, [{ record: { id, ...head }, data }])) > 0
}

/** Places of the committed pieces that are here. */
async function ownCommitted(
  { store }: KeeperContext,
  manifest: SignedManifest,
  segment: number
): Promise<ReadonlySet<number>> {
  const places = new Set<number>()
  for (const { provenance } of await store.pieces(manifest.id, segment)) {
    const origin = decodeProvenance(provenance)
    if (origin.kind === 'committed') places.add(origin.index)
  }
  return places
}

async function ownPiece(
  { store }: KeeperContext,
  manifest: SignedManifest,
  segment: number
): Promise<OfferedPiece | undefined> {
  const [record] = await store.pieces(manifest.id, segment)
  const data = record && (await store.readPiece(manifest.id, segment, record.id))
  if (!record || !data) return undefined
  const { coefficients, root, provenance } = record
  return { head: { coefficients, root, provenance }, data }
}
