import type { Clock } from '../../async/index.ts'
import { encodeHex } from '../../codec/index.ts'
import type { FoundHolder } from './search-holders.ts'

/** How long others are waited for once somebody was found. */
const GATHER_MS = 1_500
/** Holders that are compared. */
const MAX_GATHERED = 64

/**
 * Holders of a content whose manifest nobody named, those first whose manifest most holders name: durable ones weigh before all others,
 * because a tab costs nothing to open. One liar is outvoted so; whoever runs most of the nodes that hold a content is not, and is found
 * out when the whole of it was read.
 * @param usable whether a manifest may be offered at all
 */
export async function* byAgreement(
  found: AsyncIterable<FoundHolder>,
  usable: (manifestId: Uint8Array) => boolean,
  clock: Pick<Clock, 'after'>
): AsyncGenerator<FoundHolder, void, undefined> {
  const iterator = found[Symbol.asyncIterator]()
  const gathered: FoundHolder[] = []
  let next = iterator.next()
  let cancel = (): void => {}
  try {
    const first = await next
    if (first.done) return
    gathered.push(first.value)
    const late = new Promise<'late'>(resolve => {
      cancel = clock.after(GATHER_MS, () => resolve('late'))
    })
    for (next = iterator.next(); gathered.length < MAX_GATHERED; next = iterator.next()) {
      const result = await Promise.race([next, late])
      if (result === 'late' || result.done) break
      gathered.push(result.value)
    }
    for (const holder of ranked(gathered, usable)) yield holder
    for (let result = await next; !result.done; result = await iterator.next())
      if (!result.value.manifestId || usable(result.value.manifestId)) yield result.value
  } finally {
    cancel()
    next.catch(() => {})
    // not awaited: a relay that is still asked would hold up whoever has found enough
    iterator.return?.().catch(() => {})
  }
}

function ranked(holders: readonly FoundHolder[], usable: (manifestId: Uint8Array) => boolean): FoundHolder[] {
  const votes = new Map<string, number>()
  for (const { manifestId, durable } of holders) {
    const name = manifestId ? encodeHex(manifestId) : ''
    votes.set(name, (votes.get(name) ?? 0) + (durable ? MAX_GATHERED : 1))
  }
  const rank = ({ manifestId }: FoundHolder): number => (manifestId ? (votes.get(encodeHex(manifestId)) ?? 0) : 0)
  return holders
    .filter(({ manifestId }) => !manifestId || usable(manifestId))
    .sort((a, b) => rank(b) - rank(a) || name(a).localeCompare(name(b)))
}

function name({ manifestId }: FoundHolder): string {
  return manifestId ? encodeHex(manifestId) : ''
}
