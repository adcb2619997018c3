import { decodeHex } from '../../codec/index.ts'
import { decodeContentRow } from './content-row.ts'
import { byValue, type KeptContent } from './displacement.ts'
import { slotBytes } from './slot-size.ts'
import type { StoreCore } from './store-core.ts'

const ROWS_A_READ = 1_000
/** The largest of them: whoever wants to hide a content from eviction among smaller ones gets nowhere, and needs more room for larger. */
const MAX_CONTENTS = 65_536
/** Times of use are known to the minute. */
const FRESH_MS = 60_000

export interface KeptContents {
  /** What pushes may displace, if anything: unpinned content of peers, least valuable first. */
  readonly contents: readonly KeptContent[]
  /** Bytes that content of each peer takes, pinned or not. */
  readonly peerBytes: ReadonlyMap<string, number>
}

/**
 * What is kept for peers, read from the index once and then remembered: a store that is full is asked for room again and again, and must
 * not read all of its rows for each refusal.
 */
export class KeptContentsReader {
  readonly #core: StoreCore
  #last: (KeptContents & { readonly version: number; readonly atMs: number }) | undefined

  constructor(core: StoreCore) {
    this.#core = core
  }

  async read(): Promise<KeptContents> {
    const { policy, contentsVersion: version } = this.#core
    const now = policy.clock.now()
    const last = this.#last
    if (last?.version === version && Math.abs(now - last.atMs) < FRESH_MS) return last
    this.#last = { ...(await this.#scan(now)), version, atMs: now }
    return this.#last
  }

  async #scan(now: number): Promise<KeptContents> {
    const { index, policy } = this.#core
    const peerBytes = new Map<string, number>()
    let contents: KeptContent[] = []
    for (let after: string | undefined; ; ) {
      const rows = await index.range('content', { limit: ROWS_A_READ, ...(after === undefined ? {} : { after }) })
      for (const { key, value } of rows) {
        const row = decodeContentRow(value)
        const { origin, peer, pinned, addedAt } = row
        if (origin !== 'peer' || peer === undefined || row.pieces === 0) continue
        const bytes = row.pieces * slotBytes(row.pieceBytes)
        peerBytes.set(peer, (peerBytes.get(peer) ?? 0) + bytes)
        if (pinned) continue
        const worth = policy.value(this.#core.info(decodeHex(key), row), now)
        contents.push({ manifest: key, origin, peer, pinned, bytes, addedAt, value: worth })
      }
      if (contents.length > 2 * MAX_CONTENTS) contents = largest(contents)
      after = rows.at(-1)?.key
      if (rows.length < ROWS_A_READ) return { contents: largest(contents).sort(byValue), peerBytes }
    }
  }
}

function largest(contents: KeptContent[]): KeptContent[] {
  if (contents.length <= MAX_CONTENTS) return contents
  return contents.sort((left, right) => right.bytes - left.bytes).slice(0, MAX_CONTENTS)
}
