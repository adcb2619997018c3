import { decodeHex, encodeHex } from '../../codec/index.ts'
import { decodeLedger, EMPTY_LEDGER } from './ledger-row.ts'
import type { LostPiece } from './piece-store.ts'
import { finishRemovals, removePieces } from './remove-pieces.ts'
import type { StoreCore } from './store-core.ts'
import { CLOSED_KEY, LEDGER_KEY, TURNOVER_KEY } from './store-keys.ts'
import { decodeTurnover, NO_TURNOVER } from './turnover.ts'
import { isIntact, isThere, sweepPieces } from './verification.ts'

/** What opening the store had to put right. */
export interface Recovery {
  /** The store had not been closed: its process died, or the browser. */
  readonly unclean: boolean
  /** Pieces of the last writes that were read and checked. */
  readonly checked: number
  /** Pieces whose bytes had not reached the disk; dropped. */
  readonly lost: readonly LostPiece[]
  /** Removals that were begun and not ended. */
  readonly finishedRemovals: number
}

/**
 * Bring memory in line with the index, and the store with its rules. Normally there is nothing to put right: bytes are flushed
 * before the index speaks of them. It guards against disks that lie about a flush, and takes time by what was written last.
 */
export async function recover(core: StoreCore): Promise<Recovery> {
  const { index } = core
  await core.restart()
  const [ledger, closed] = [await index.get('state', LEDGER_KEY), await index.get('state', CLOSED_KEY)]
  core.ledger = ledger === undefined ? EMPTY_LEDGER : decodeLedger(ledger)
  core.closedMark = closed !== undefined
  core.kept.forget()
  const turnover = await index.get('state', TURNOVER_KEY)
  core.turnover = turnover === undefined ? NO_TURNOVER : decodeTurnover(turnover)
  const short = (await core.slabs?.load(index)) ?? []
  core.stale = false
  const unclean = closed === undefined && ledger !== undefined
  const recent = unclean ? await checkRecent(core) : { checked: 0, lost: [] }
  // A slab file ends before slots that are taken: somebody cut it. Only then all addresses are looked at.
  const cut =
    short.length === 0
      ? []
      : (await sweepPieces(core, isThere, (manifest, segment, ids) => removePieces(core, manifest, segment, ids))).lost
  return {
    unclean,
    checked: recent.checked,
    lost: [...recent.lost, ...cut],
    finishedRemovals: await finishRemovals(core)
  }
}

async function checkRecent(core: StoreCore): Promise<{ checked: number; lost: LostPiece[] }> {
  const lost: LostPiece[] = []
  let checked = 0
  for (const { manifest, segment, count } of core.ledger.recent) {
    const row = await core.content(manifest)
    if (row === undefined) continue
    const placed = (await core.segment(row, segment)).slice(-count)
    checked += placed.length
    const broken = new Map<string, LostPiece>()
    for (const piece of placed)
      if (!(await isIntact(core, row, segment, piece)))
        broken.set(encodeHex(piece.record.id), { manifestId: decodeHex(manifest), segment, id: piece.record.id })
    if (broken.size > 0) await removePieces(core, manifest, segment, new Set(broken.keys()))
    lost.push(...broken.values())
  }
  return { checked, lost }
}
