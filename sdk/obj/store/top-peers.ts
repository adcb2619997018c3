import { ByteReader } from '../../codec/index.ts'
import type { StoreIndex } from './store-index.ts'
import { MAX_LISTED_PEERS } from './store-limits.ts'

const ROWS_A_READ = 1_000

/** The peers that take most, and what they take. */
export async function topPeers(index: StoreIndex): Promise<Record<string, number>> {
  let top: (readonly [string, number])[] = []
  for (let after: string | undefined; ; ) {
    const rows = await index.range('peer', { limit: ROWS_A_READ, ...(after === undefined ? {} : { after }) })
    for (const { key, value } of rows) top.push([key, Number(new ByteReader(value, 'peer row').u64())])
    top = top.sort(([, left], [, right]) => right - left).slice(0, MAX_LISTED_PEERS)
    after = rows.at(-1)?.key
    if (rows.length < ROWS_A_READ) return Object.fromEntries(top)
  }
}
