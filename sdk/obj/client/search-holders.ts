import { peerIdFromPublicKey } from '../../identity/index.ts'
import type { PeerAddresses } from '../../p2p/index.ts'
import { equalBytes } from '../hashing/index.ts'
import { findHolders, type HolderRecord, type RecordRefusal } from '../holders/index.ts'
import { type AskDht, walkDht } from './ask-dht.ts'
import type { ObjContext } from './obj-context.ts'

export interface ContentRef {
  readonly contentId: Uint8Array
  /** Absent: the manifest that most holders name, see `byAgreement`. */
  readonly manifestId?: Uint8Array | undefined
}

export interface FoundHolder extends PeerAddresses {
  readonly manifestId: Uint8Array | undefined
  /** Whether it says that it stays; what it says about that counts for nothing until it was audited. */
  readonly durable?: boolean
}

/** With fewer holders than that those who are known are asked for others. */
const ENOUGH_HOLDERS = 4

/**
 * Holders of a content, as they become known: from the relays that keep records, all at once; from the DHT, if relays know nobody and the
 * node takes part in it; and from the holders themselves, if they are few. None of it is believed: whoever is found must prove what it
 * holds. It ends, and does not fail.
 * @param askDht default: the whole walk is waited for
 */
export async function* searchHolders(
  context: Pick<ObjContext, 'node' | 'relays' | 'clock' | 'scores' | 'exchange' | 'refusedRecords'>,
  { contentId, manifestId }: ContentRef,
  signal: AbortSignal,
  askDht: AskDht = walkDht
): AsyncIterable<FoundHolder> {
  const { node, clock, scores, exchange, refusedRecords } = context
  const onRefused = (why: RecordRefusal): void => void refusedRecords[why]++
  const seen = new Set<string>([node.peerId])
  const known: FoundHolder[] = []
  const take = (holder: FoundHolder): boolean => {
    if (seen.has(holder.peerId) || scores.isBanned(holder.peerId, clock.monotonic())) return false
    if (manifestId && holder.manifestId && !equalBytes(holder.manifestId, manifestId)) return false
    seen.add(holder.peerId)
    known.push(holder)
    return true
  }
  const asked = context.relays(contentId).map(relay =>
    findHolders(node, relay, contentId, { signal, clock, onRefused })
      .then(records => ({ records }))
      .catch(() => ({ records: [] }))
  )
  for await (const { records } of asSettled(asked))
    for (const holder of records.map(holderOf)) if (take(holder)) yield holder
  const providers: PeerAddresses[] = []
  if (known.length === 0 && node.dht) {
    const found = await askDht(node.dht, contentId, signal)
    providers.push(...found.filter(({ peerId }) => peerId !== node.peerId))
    // without a manifest's id a provider is of no use yet: it is asked for its record below
    if (manifestId)
      for (const provider of providers) {
        const holder = { ...provider, manifestId: undefined }
        if (take(holder)) yield holder
      }
  }
  const few = known.length > 0 ? known : providers
  if (few.length >= ENOUGH_HOLDERS) return
  for (const holder of (await exchange.ask(context, few, contentId, signal)).map(holderOf))
    if (take(holder)) yield holder
}

function holderOf({ holder, addresses, manifestId, durable }: HolderRecord): FoundHolder {
  return { peerId: peerIdFromPublicKey(holder), addresses, manifestId, durable }
}

/** Results in the order in which they come. */
async function* asSettled<T>(tasks: readonly Promise<T>[]): AsyncIterable<T> {
  const pending = new Map(tasks.map((task, index) => [index, task.then(value => ({ index, value }))]))
  while (pending.size > 0) {
    const { index, value } = await Promise.race(pending.values())
    pending.delete(index)
    yield value
  }
}
