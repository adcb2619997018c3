import { decodeHex } from '../../codec/index.ts'
import { decodeContentRow } from './content-row.ts'
import { removeContent } from './remove-pieces.ts'
import { slotBytes } from './slot-size.ts'
import type { StoreCore } from './store-core.ts'

const ROWS_A_READ = 1_000
/** Candidates in memory; when they are not enough there is another round. */
const MAX_CANDIDATES = 4_096

interface Candidate {
  readonly manifest: string
  readonly origin: 'own' | 'peer'
  readonly value: number
  readonly bytes: number
}

export interface EvictBytesOptions {
  /** Manifest ids in hex that stay. */
  readonly keep: ReadonlySet<string>
  readonly onEvicted: (manifest: string) => void
  /** Remove nothing when all of it would not be enough. Default false. */
  readonly allOrNothing?: boolean
  /** Content of peers before any of the device's own, whatever their value. Default false. */
  readonly peersFirst?: boolean
}

export interface Evicted {
  readonly freedBytes: number
  /** Manifest ids in hex, least valuable first. */
  readonly manifests: readonly string[]
  /** Whether as much was freed as was needed. */
  readonly enough: boolean
}

/** Remove unpinned content for the device itself, least valuable first, until `needed` bytes are free. */
export async function evictBytes(
  core: StoreCore,
  needed: number,
  { keep, onEvicted, allOrNothing = false, peersFirst = false }: EvictBytesOptions
): Promise<Evicted> {
  const manifests: string[] = []
  let freedBytes = 0
  while (freedBytes < needed) {
    const { candidates, totalBytes } = await leastValuable(core, keep, peersFirst)
    if (candidates.length === 0) break
    if (allOrNothing && freedBytes === 0 && totalBytes < needed) break
    for (const { manifest, bytes } of candidates) {
      if (freedBytes >= needed) break
      const row = await core.content(manifest)
      if (row === undefined) continue
      await removeContent(core, manifest, row)
      freedBytes += bytes
      manifests.push(manifest)
      onEvicted(manifest)
    }
  }
  return { freedBytes, manifests, enough: freedBytes >= needed }
}

async function leastValuable(
  core: StoreCore,
  keep: ReadonlySet<string>,
  peersFirst: boolean
): Promise<{ candidates: Candidate[]; totalBytes: number }> {
  const now = core.policy.clock.now()
  let candidates: Candidate[] = []
  let totalBytes = 0
  for (let after: string | undefined; ; ) {
    const rows = await core.index.range('content', { limit: ROWS_A_READ, ...(after === undefined ? {} : { after }) })
    for (const { key, value: bytesOfRow } of rows) {
      const row = decodeContentRow(bytesOfRow)
      if (row.pinned || row.pieces === 0 || keep.has(key)) continue
      const bytes = row.pieces * slotBytes(row.pieceBytes)
      totalBytes += bytes
      const value = core.policy.value(core.info(decodeHex(key), row), now)
      candidates.push({ manifest: key, origin: row.origin, bytes, value })
    }
    if (candidates.length > 2 * MAX_CANDIDATES) candidates = lowest(candidates, peersFirst)
    after = rows.at(-1)?.key
    if (rows.length < ROWS_A_READ) return { candidates: lowest(candidates, peersFirst), totalBytes }
  }
}

function lowest(candidates: Candidate[], peersFirst: boolean): Candidate[] {
  const rank = ({ origin }: Candidate): number => (peersFirst && origin === 'own' ? 1 : 0)
  return candidates.sort((left, right) => rank(left) - rank(right) || left.value - right.value).slice(0, MAX_CANDIDATES)
}
