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
  readonly value: number
  readonly bytes: number
}

export interface Evicted {
  readonly freedBytes: number
  /** Manifest ids in hex, least valuable first. */
  readonly manifests: readonly string[]
  /** Whether as much was freed as was needed. */
  readonly enough: boolean
}

/**
 * Remove unpinned content, least valuable first, until `needed` bytes are free.
 * @param keep manifest ids in hex that stay
 * @param options.allOrNothing remove nothing when all of it would not be enough
 */
export async function evictBytes(
  core: StoreCore,
  needed: number,
  keep: ReadonlySet<string>,
  onEvicted: (manifest: string) => void,
  { allOrNothing = false } = {}
): Promise<Evicted> {
  const manifests: string[] = []
  let freedBytes = 0
  while (freedBytes < needed) {
    const { candidates, totalBytes } = await leastValuable(core, keep)
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
  keep: ReadonlySet<string>
): Promise<{ candidates: Candidate[]; totalBytes: number }> {
  const now = core.policy.clock.now()
  let candidates: Candidate[] = []
  let totalBytes = 0
  for (let after: string | undefined; ; ) {
    const rows = await core.index.range('content', { limit: ROWS_A_READ, ...(after === undefined ? {} : { after }) })
    for (const { key, value } of rows) {
      const row = decodeContentRow(value)
      if (row.pinned || row.pieces === 0 || keep.has(key)) continue
      const bytes = row.pieces * slotBytes(row.pieceBytes)
      totalBytes += bytes
      candidates.push({ manifest: key, bytes, value: core.policy.value(core.info(decodeHex(key), row), now) })
    }
    if (candidates.length > 2 * MAX_CANDIDATES) candidates = lowest(candidates)
    after = rows.at(-1)?.key
    if (rows.length < ROWS_A_READ) return { candidates: lowest(candidates), totalBytes }
  }
}

function lowest(candidates: Candidate[]): Candidate[] {
  return candidates.sort((left, right) => left.value - right.value).slice(0, MAX_CANDIDATES)
}
