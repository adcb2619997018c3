import type { Clock } from '../../async/index.ts'
import { encodeHex } from '../../codec/index.ts'
import type { P2pNode, PeerAddresses } from '../../p2p/index.ts'
import { equalBytes } from '../hashing/index.ts'
import { type HolderRecord, tryOpenHolderRecord } from '../holders/index.ts'
import { HolderSession } from '../transfer/index.ts'

/** Holders asked for others at once. */
const MAX_ASKED = 4
const TIMEOUT_MS = 3_000
/** Before the same holder is asked for the same content again. */
const AGAIN_MS = 60_000
/** Answers kept, of 16 records and 32 KiB at most. */
const MAX_REMEMBERED = 256

/**
 * Holders tell of other holders: what relays have forgotten, or hide, whoever serves the content still knows. What they tell is signed by
 * those it is about, and bounded: sixteen records of each, four asked at once, each once a minute.
 */
export class PeerExchange {
  /** By holder and content: what was told, and when. */
  readonly #told = new Map<string, { readonly atMs: number; readonly records: readonly HolderRecord[] }>()

  /** @returns valid records, in no order; never rejects: a holder that tells nothing is no error */
  async ask(
    context: ExchangeContext,
    holders: readonly PeerAddresses[],
    contentId: Uint8Array,
    signal: AbortSignal
  ): Promise<HolderRecord[]> {
    const chosen = holders.slice(0, MAX_ASKED)
    const told = await Promise.all(
      chosen.map(async holder => {
        const key = `${holder.peerId}/${encodeHex(contentId)}`
        const known = this.#told.get(key)
        const now = context.clock.monotonic()
        if (known && now - known.atMs < AGAIN_MS) return known.records
        const records = await askHolder(context, holder, contentId, signal)
        this.#remember(key, { atMs: now, records })
        return records
      })
    )
    return told.flat()
  }

  #remember(key: string, entry: { readonly atMs: number; readonly records: readonly HolderRecord[] }): void {
    this.#told.delete(key)
    this.#told.set(key, entry)
    const [oldest] = this.#told.keys()
    if (this.#told.size > MAX_REMEMBERED && oldest !== undefined) this.#told.delete(oldest)
  }
}

interface ExchangeContext {
  readonly node: Pick<P2pNode, 'openChannel'>
  readonly clock: Clock
}

async function askHolder(
  { node, clock }: ExchangeContext,
  holder: PeerAddresses,
  contentId: Uint8Array,
  signal: AbortSignal
): Promise<HolderRecord[]> {
  let session: HolderSession | undefined
  try {
    session = await HolderSession.open(node, holder, { signal, clock, timeoutMs: TIMEOUT_MS })
    const told = await session.holders(contentId, { signal, timeoutMs: TIMEOUT_MS })
    return told.flatMap(bytes => {
      const record = tryOpenHolderRecord(bytes, clock.now())
      return record && equalBytes(record.contentId, contentId) ? [record] : []
    })
  } catch {
    return []
  } finally {
    void session?.close()
  }
}
