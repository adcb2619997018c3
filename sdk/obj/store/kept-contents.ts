import { decodeHex } from '../../codec/index.ts'
import { createPause } from '../coding/index.ts'
import { decodeContentRow } from './content-row.ts'
import { byValue, type KeptContent } from './displacement.ts'
import { slotBytes } from './slot-size.ts'
import type { StoreCore } from './store-core.ts'

const ROWS_A_READ = 1_000
/** Less than a millisecond of work: then others have their turn. */
const ROWS_A_STEP = 50
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
 * What is kept for peers, read from the index once a minute at most, whatever peers do: a store that is full is asked for room again and
 * again, and must not read all of its rows for each answer.
 */
export class KeptContentsReader {
  readonly #core: StoreCore
  #last: (KeptContents & { readonly atMs: number }) | undefined
  /** Contents of the last look that are there no more. */
  readonly #gone = new Set<string>()

  constructor(core: StoreCore) {
    this.#core = core
  }

  async read(): Promise<KeptContents> {
    const now = this.#core.policy.clock.now()
    let last = this.#last
    if (last === undefined || Math.abs(now - last.atMs) >= FRESH_MS) last = { ...(await this.#scan(now)), atMs: now }
    else if (this.#gone.size > 0) last = { ...without(last, this.#gone), atMs: last.atMs }
    this.#gone.clear()
    this.#last = last
    return last
  }

  /** Look anew: something else than an addition or a removal happened. Only the device itself can cause that. */
  forget(): void {
    this.#last = undefined
    this.#gone.clear()
  }

  /**
   * A content gains or loses pieces. What was added since the last look has its tenure before it, and who has more than was seen then
   * only seems smaller: additions, which any peer can cause, need no new look.
   */
  changed(pieces: number): void {
    if (pieces < 0 || this.#core.policy.tenureMs < FRESH_MS) this.forget()
  }

  removed(manifest: string, { pinned }: { readonly pinned: boolean }): void {
    // What is pinned is in nothing but the sums.
    if (pinned || this.#gone.size >= MAX_CONTENTS) this.forget()
    else if (this.#last !== undefined) this.#gone.add(manifest)
  }

  async #scan(now: number): Promise<KeptContents> {
    const { index, policy } = this.#core
    const pause = createPause(undefined)
    const peerBytes = new Map<string, number>()
    let contents: KeptContent[] = []
    for (let after: string | undefined; ; ) {
      const rows = await index.range('content', { limit: ROWS_A_READ, ...(after === undefined ? {} : { after }) })
      for (const [number, { key, value }] of rows.entries()) {
        if (number % ROWS_A_STEP === 0) await pause()
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

function without({ contents, peerBytes }: KeptContents, gone: ReadonlySet<string>): KeptContents {
  const left = new Map(peerBytes)
  for (const { manifest, peer, bytes } of contents)
    if (peer !== undefined && gone.has(manifest)) left.set(peer, (left.get(peer) ?? 0) - bytes)
  return { contents: contents.filter(({ manifest }) => !gone.has(manifest)), peerBytes: left }
}

function largest(contents: KeptContent[]): KeptContent[] {
  if (contents.length <= MAX_CONTENTS) return contents
  return contents.sort((left, right) => right.bytes - left.bytes).slice(0, MAX_CONTENTS)
}
