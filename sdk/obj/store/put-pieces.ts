import { encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { ContentRow } from './content-row.ts'
import { evictBytes } from './eviction.ts'
import type { StoredPiece } from './piece-store.ts'
import { encodeSegmentRow, type PlacedPiece } from './segment-row.ts'
import type { SlotClaim } from './slabs.ts'
import { slotBytes } from './slot-size.ts'
import { checkPieces, checkSegment } from './store-arguments.ts'
import type { StoreCore } from './store-core.ts'
import type { IndexChange } from './store-index.ts'
import { pieceKey, segmentKey } from './store-keys.ts'
import { MAX_PIECES_PER_SEGMENT } from './store-limits.ts'
import { checkPeerQuota, storeFull } from './store-policy.ts'

interface Target {
  readonly manifest: string
  readonly row: ContentRow
  readonly segment: number
  readonly held: readonly PlacedPiece[]
}

/** @param onEvicted told of each content that had to give way @returns how many pieces were new */
export async function putPieces(
  core: StoreCore,
  manifest: string,
  segment: number,
  pieces: readonly StoredPiece[],
  onEvicted: (manifest: string) => void
): Promise<number> {
  const row = await core.known(manifest)
  checkSegment(row, segment)
  checkPieces(row, pieces)
  const held = await core.segment(row, segment)
  const fresh = newPieces(held, pieces)
  if (fresh.length === 0) return 0
  if (held.length + fresh.length > MAX_PIECES_PER_SEGMENT)
    throw new CraftecError('limit-exceeded', `a segment holds at most ${MAX_PIECES_PER_SEGMENT} pieces`)
  const target: Target = { manifest, row, segment, held }
  const bytes = fresh.length * slotBytes(row.pieceBytes)
  await makeRoom(core, target, bytes, onEvicted)
  try {
    await write(core, target, fresh)
  } catch (error) {
    if (CraftecError.from(error).code !== 'storage-full') throw error
    // The system grants less than it said. What has less value gives way, once.
    const { freedBytes } = await evictBytes(core, bytes, new Set([manifest]), onEvicted)
    if (freedBytes === 0) throw storeFull(core.ledger.bytes, core.ledger.bytes, bytes, error)
    await write(core, target, fresh)
  }
  return fresh.length
}

function newPieces(held: readonly PlacedPiece[], pieces: readonly StoredPiece[]): StoredPiece[] {
  const known = new Set(held.map(({ record }) => encodeHex(record.id)))
  return pieces.filter(({ record }) => {
    const id = encodeHex(record.id)
    return !known.has(id) && known.add(id)
  })
}

async function makeRoom(
  core: StoreCore,
  { manifest, row }: Target,
  added: number,
  onEvicted: (manifest: string) => void
): Promise<void> {
  const { policy, ledger } = core
  if (row.origin === 'peer') {
    const peerBytes = await core.bytesOfPeer(row.peer ?? '')
    checkPeerQuota(policy, { bytes: ledger.bytes, peersBytes: ledger.peersBytes, peerBytes }, added)
  }
  const missing = ledger.bytes + added - policy.quotaBytes
  if (missing <= 0) return
  const { enough } = await evictBytes(core, missing, new Set([manifest]), onEvicted, { allOrNothing: true })
  if (!enough) throw storeFull(policy.quotaBytes, core.ledger.bytes, added)
}

/** Bytes first, flushed; then everything that speaks of them, in one commit. */
async function write(core: StoreCore, target: Target, fresh: readonly StoredPiece[]): Promise<void> {
  const { manifest, row, segment, held } = target
  const data = fresh.map(piece => piece.data)
  const claim = core.slabs?.writable ? await core.slabs.write(row.pieceBytes, data) : undefined
  try {
    const placed = [...held, ...fresh.map(({ record }, index) => ({ record, slot: claim?.slots[index] }))]
    const bytes = Math.min(fresh.length * row.pieceBytes, 0xffff_ffff)
    const { changes, ledger } = await core.recount(manifest, row, {
      segment,
      pieces: fresh.length,
      put: { manifest, segment, count: fresh.length, bytes }
    })
    changes.push(
      { table: 'segment', key: segmentKey(row.home, segment), value: encodeSegmentRow(placed) },
      ...(claim?.changes ?? inIndex(row.home, segment, fresh))
    )
    await core.commit(changes, ledger)
  } catch (error) {
    dropUnlessStale(core, claim)
    throw error
  }
}

/** If the commit may have happened after all, its slots must not be written again before the index was asked. */
function dropUnlessStale(core: StoreCore, claim: SlotClaim | undefined): void {
  if (!core.stale) claim?.drop()
}

function inIndex(home: number, segment: number, pieces: readonly StoredPiece[]): IndexChange[] {
  return pieces.map(({ record, data }) => ({
    table: 'piece',
    key: pieceKey(home, segment, encodeHex(record.id)),
    value: data
  }))
}
