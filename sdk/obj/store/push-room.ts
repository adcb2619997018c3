import { encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { ContentRow } from './content-row.ts'
import { type Displacement, mostPieces, type Promised, planDisplacement, type StoreSums } from './displacement.ts'
import { offeredContent } from './offered-content.ts'
import type { ContentInfo, PushOffer } from './piece-store.ts'
import { removeContent } from './remove-pieces.ts'
import { roomInSegment } from './segment-room.ts'
import { slotBytes } from './slot-size.ts'
import type { StoreCore } from './store-core.ts'
import { TURNOVER_KEY } from './store-keys.ts'
import { pushRefused } from './store-policy.ts'
import { countTurnover, encodeTurnover, turnoverLeft } from './turnover.ts'

/** @returns how many of the pieces there is room for; see PieceStore.roomFor */
export async function roomForPush(core: StoreCore, offer: PushOffer): Promise<number> {
  const { manifestId, segment, pieceBytes, from, promised = [] } = offer
  const row = await core.content(encodeHex(manifestId))
  if (row !== undefined && (row.pieceBytes !== pieceBytes || segment >= row.segments)) return 0
  const held = row === undefined ? [] : await core.segment(row, segment)
  const most = roomInSegment({ origin: row?.origin, pushed: true }, held.length, held[0]?.record)
  const wanted = Math.min(offer.pieces, most)
  const slot = slotBytes(pieceBytes)
  const plan = await planner(core, {
    content: row === undefined ? offeredContent(offer, core.policy.clock.now()) : core.info(manifestId, row),
    from,
    mostBytes: wanted * slot,
    promised: promised.map(one => ({ peer: one.from, bytes: one.pieces * slotBytes(one.pieceBytes) }))
  })
  return mostPieces(wanted, pieces => plan(pieces * slot))
}

export interface ArrivedPush {
  readonly row: ContentRow
  readonly manifestId: Uint8Array
  readonly from: string
  readonly addedBytes: number
  /** The system refused to write although there should be room. */
  readonly diskIsFull: boolean
  readonly onEvicted: (manifest: string) => void
}

/**
 * Displace what a push may displace, and only if that is enough.
 * @throws CraftecError `limit-exceeded` | `storage-full`; nothing was changed then
 */
export async function makeRoomForPush(core: StoreCore, push: ArrivedPush): Promise<void> {
  const { row, manifestId, from, addedBytes, diskIsFull, onEvicted } = push
  const content = core.info(manifestId, row)
  const plan = await planner(core, { content, from, mostBytes: addedBytes, promised: [], diskIsFull })
  const room = plan(addedBytes)
  if (room.outcome === 'refused') throw pushRefused(room.by, core.policy, core.ledger, addedBytes)
  const { turnoverBytesPerDay, clock } = core.policy
  for (const { manifest, peer } of room.displaced) {
    const displaced = await core.content(manifest)
    if (displaced === undefined) throw new CraftecError('internal', 'content went while it was being displaced')
    if (peer === from) await removeContent(core, manifest, displaced)
    else {
      const bytes = displaced.pieces * slotBytes(displaced.pieceBytes)
      const turnover = countTurnover(core.turnover, turnoverBytesPerDay, clock.now(), bytes)
      const change = { table: 'state', key: TURNOVER_KEY, value: encodeTurnover(turnover) } as const
      await removeContent(core, manifest, displaced, [change])
      core.turnover = turnover
    }
    onEvicted(manifest)
  }
}

interface Question {
  readonly content: ContentInfo
  readonly from: string
  /** More than this will not be asked for. */
  readonly mostBytes: number
  readonly promised: readonly Promised[]
  readonly diskIsFull?: boolean
}

/** Read what the rule needs to know. What is kept for peers is looked at only when there is no room without. */
async function planner(
  core: StoreCore,
  { content, from, mostBytes, promised, diskIsFull = false }: Question
): Promise<(addedBytes: number) => Displacement> {
  const { policy, ledger, turnover } = core
  const now = policy.clock.now()
  const owner = content.origin === 'own' ? undefined : (content.peer ?? '')
  const peerBytes = new Map<string, number>()
  for (const peer of [from, owner]) if (peer !== undefined) peerBytes.set(peer, await core.bytesOfPeer(peer))
  const { bytes, peersBytes } = ledger
  const sums: StoreSums = {
    now,
    quotaBytes: diskIsFull ? bytes : await core.quotaBytes(),
    bytes,
    peersBytes,
    bytesOf: peer => peerBytes.get(peer) ?? 0,
    turnoverBytes: turnoverLeft(turnover, policy.turnoverBytesPerDay, now),
    promised
  }
  const push = {
    manifest: encodeHex(content.manifestId),
    peer: from,
    owner,
    value: policy.value({ ...content, usedAt: now }, now)
  }
  const asItIs = (addedBytes: number): Displacement => planDisplacement({ ...push, addedBytes }, sums, policy, [])
  if (owner !== from || asItIs(mostBytes).outcome === 'fits') return asItIs
  const kept = await core.kept.read()
  const bytesOf = (peer: string): number => peerBytes.get(peer) ?? kept.peerBytes.get(peer) ?? 0
  return addedBytes => planDisplacement({ ...push, addedBytes }, { ...sums, bytesOf }, policy, kept.contents)
}
