import { decodeHex, encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { ContentRow } from './content-row.ts'
import { evictBytes } from './eviction.ts'
import type { StoredPiece } from './piece-store.ts'
import { makeRoomForPush } from './push-room.ts'
import { roomInSegment } from './segment-room.ts'
import { encodeSegmentRow, type PlacedPiece } from './segment-row.ts'
import type { SlotClaim } from './slabs.ts'
import { slotBytes } from './slot-size.ts'
import { checkPieces, checkSegment } from './store-arguments.ts'
import type { StoreCore } from './store-core.ts'
import type { IndexChange } from './store-index.ts'
import { pieceKey, segmentKey } from './store-keys.ts'
import { storeFull } from './store-policy.ts'

interface Target {
  readonly manifest: string
  readonly row: ContentRow
  readonly segment: number
  readonly held: readonly PlacedPiece[]
}

interface PutContext {
  /** The peer that pushed them, if one did. */
  readonly from: string | undefined
  /** Told of each content that had to give way. */
  readonly onEvicted: (manifest: string) => void
}

interface PutMode {
  /** What the index says of the bytes may still be on its way to the disk when the put resolves, until `core.settled()`. */
  readonly behind: boolean
}

/** @returns how many pieces were new */
export async function putPieces(
  core: StoreCore,
  manifest: string,
  segment: number,
  pieces: readonly StoredPiece[],
  { from, onEvicted, behind }: PutContext & PutMode
): Promise<number> {
  const row = await core.known(manifest)
  checkSegment(row, segment)
  checkPieces(row, pieces)
  const held = await core.segment(row, segment)
  const fresh = newPieces(held, pieces)
  if (fresh.length === 0) return 0
  const room = roomInSegment({ origin: row.origin, pushed: from !== undefined }, held.length, pieces[0]?.record)
  if (fresh.length > room)
    throw new CraftecError('limit-exceeded', `${held.length} pieces of the segment are here; it may have ${room} more`)
  const target: Target = { manifest, row, segment, held }
  const makeRoom = roomMaker(core, { target, from, onEvicted, bytes: fresh.length * slotBytes(row.pieceBytes) })
  await makeRoom()
  try {
    await write(core, target, fresh, behind)
  } catch (error) {
    if (CraftecError.from(error).code !== 'storage-full') throw error
    // The system grants less than it said. What has less value gives way, once.
    await makeRoom(error)
    await write(core, target, fresh, behind)
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

/** @returns frees what is missing; given what the system said, all that the pieces take */
function roomMaker(
  core: StoreCore,
  { target, from, onEvicted, bytes }: PutContext & { readonly target: Target; readonly bytes: number }
): (refusal?: unknown) => Promise<void> {
  const { manifest, row } = target
  const keep = new Set([manifest])
  const ofPeer = from ?? row.peer
  if (ofPeer !== undefined)
    return async refusal => {
      await core.settled()
      const push = { row, manifestId: decodeHex(manifest), from: ofPeer, addedBytes: bytes, onEvicted }
      await makeRoomForPush(core, { ...push, diskIsFull: refusal !== undefined })
    }
  return async refusal => {
    if (refusal !== undefined) {
      await core.settled()
      const { freedBytes } = await evictBytes(core, bytes, { keep, onEvicted, peersFirst: true })
      if (freedBytes === 0) throw storeFull(core.ledger.bytes, core.ledger.bytes, bytes, refusal)
      return
    }
    const { policy, ledger } = core
    const missing = ledger.bytes + bytes - policy.quotaBytes
    if (missing <= 0) return
    await core.settled()
    const { enough } = await evictBytes(core, missing, { keep, onEvicted, allOrNothing: true, peersFirst: true })
    if (!enough) throw storeFull(policy.quotaBytes, core.ledger.bytes, bytes)
  }
}

/** Bytes first, flushed; then everything that speaks of them, in one commit. */
async function write(core: StoreCore, target: Target, fresh: readonly StoredPiece[], behind: boolean): Promise<void> {
  const { manifest, row, segment, held } = target
  const data = fresh.map(piece => piece.data)
  const claim = core.slabs?.writable ? await core.slabs.write(row.pieceBytes, data) : undefined
  try {
    core.touch(manifest, row)
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
    // without slab files the rows are the bytes: too much to have several of them wait
    await (claim && behind ? core.commitBehind(changes, ledger) : core.commit(changes, ledger))
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
