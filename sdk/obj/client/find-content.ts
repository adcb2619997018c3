import { throwIfAborted } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { peerIdFromPublicKey } from '../../identity/index.ts'
import type { PeerAddresses } from '../../p2p/index.ts'
import { equalBytes } from '../hashing/index.ts'
import { findHolders, type HolderRecord } from '../holders/index.ts'
import { manifestSegmentation, openManifest, type SignedManifest } from '../manifest/index.ts'
import type { NewContent } from '../store/index.ts'
import type { HolderSession, PeerFault } from '../transfer/index.ts'
import { byAgreement } from './by-agreement.ts'
import type { ObjContext } from './obj-context.ts'
import { pause } from './pause.ts'
import type { Reach } from './reach.ts'

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

export interface FindManifestOptions {
  readonly signal: AbortSignal
  /** Until it is given up. */
  readonly timeoutMs: number
  readonly onFault?: ((fault: PeerFault) => void) | undefined
}

/** Before holders are looked for again, and how much longer the next time: a link may be faster than the word of who holds it. */
const FIRST_PAUSE_MS = 100
const PAUSE_GROWTH = 1.5
/** Holders whose manifests are looked at before a search is called off. */
const MAX_ASKED = 16
/** With fewer holders than that those who are known are asked for others. */
const ENOUGH_HOLDERS = 4
/** Others are waiting for somebody who may not exist. */
const DHT_TIMEOUT_MS = 5_000

/**
 * Holders of a content, as they become known: from the relays that keep records, all at once; from the DHT, if relays know nobody and the
 * node takes part in it; and from the holders themselves, if they are few. None of it is believed: whoever is found must prove what it
 * holds. It ends, and does not fail.
 */
export async function* searchHolders(
  context: Pick<ObjContext, 'node' | 'relays' | 'clock' | 'scores' | 'exchange'>,
  { contentId, manifestId }: ContentRef,
  signal: AbortSignal
): AsyncIterable<FoundHolder> {
  const { node, clock, scores, exchange } = context
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
    findHolders(node, relay, contentId, { signal, clock })
      .then(records => ({ records }))
      .catch(() => ({ records: [] }))
  )
  for await (const { records } of asSettled(asked))
    for (const holder of records.map(holderOf)) if (take(holder)) yield holder
  const providers: PeerAddresses[] = []
  if (known.length === 0 && node.dht) {
    const found = await node.dht.findProviders(contentId, { signal, timeoutMs: DHT_TIMEOUT_MS }).catch(() => [])
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

/**
 * The manifest of a content: from the store, or from a holder that has one which fits. Looks again until `timeoutMs` is over: who
 * holds it may just be about to say so.
 * @throws CraftecError `content-unavailable` when nobody who can be reached has it; `aborted`
 */
export async function findManifest(
  context: ObjContext,
  reach: Reach,
  ref: ContentRef,
  { signal, timeoutMs, onFault }: FindManifestOptions
): Promise<SignedManifest> {
  const { clock } = context
  const endMs = clock.monotonic() + timeoutMs
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= PAUSE_GROWTH) {
    throwIfAborted(signal, 'get')
    const manifest = (await localManifest(context, ref)) ?? (await askHolders(context, reach, ref, signal, onFault))
    if (manifest) return manifest
    if (clock.monotonic() + pauseMs > endMs)
      throw new CraftecError('content-unavailable', 'no holder of this content can be reached; try again later')
    await pause(clock, pauseMs, signal)
  }
}

async function askHolders(
  context: ObjContext,
  reach: Reach,
  ref: ContentRef,
  signal: AbortSignal,
  onFault: FindManifestOptions['onFault']
): Promise<SignedManifest | undefined> {
  let asked = 0
  const { badManifests, clock } = context
  const found = reach.search(ref, signal)
  const holders = ref.manifestId ? found : byAgreement(found, id => !badManifests.has(id), clock)
  for await (const holder of holders) {
    if (asked++ === MAX_ASKED) break
    const manifest = await askForManifest(context, reach, ref, holder, signal, onFault)
    if (manifest) return manifest
  }
  return undefined
}

async function localManifest(
  { store, badManifests }: ObjContext,
  ref: ContentRef
): Promise<SignedManifest | undefined> {
  const known = ref.manifestId
    ? await store.content(ref.manifestId)
    : (await store.byContentId(ref.contentId)).find(({ manifestId }) => !badManifests.has(manifestId))
  const bytes = known && (await store.manifest(known.manifestId))
  return bytes && openManifest(bytes, ref)
}

async function askForManifest(
  { store, scores, clock }: ObjContext,
  reach: Reach,
  ref: ContentRef,
  holder: FoundHolder,
  signal: AbortSignal,
  onFault: FindManifestOptions['onFault']
): Promise<SignedManifest | undefined> {
  const manifestId = ref.manifestId ?? holder.manifestId
  if (!manifestId) return undefined
  let session: HolderSession | undefined
  try {
    session = await reach.open(holder, signal)
    const bytes = await session.manifest(manifestId, { signal })
    if (!bytes) {
      reach.giveBack(session)
      return undefined
    }
    const manifest = openManifest(bytes, { manifestId, contentId: ref.contentId })
    // Not awaited: the store does one thing after another, and no piece is kept before it. If it is full, the content can be read all the same.
    if (reach.keep) store.addContent(newContent(manifest)).catch(() => {})
    reach.giveBack(session)
    return manifest
  } catch (error) {
    if (signal.aborted) throw CraftecError.from(signal.reason, 'aborted')
    const { code } = CraftecError.from(error)
    // a manifest that does not verify, or of something else, is a lie; anything else is bad luck
    if (code === 'malformed' || code === 'invalid-signature' || code === 'protocol-violation') {
      scores.ban(holder.peerId, clock.monotonic())
      onFault?.({ peer: holder.peerId, why: 'protocol-violation' })
    } else scores.failed(holder.peerId, clock.monotonic())
    void session?.close()
    return undefined
  }
}

/** Content that this device wants, and holds nothing of yet. */
export function newContent(manifest: SignedManifest): NewContent {
  return {
    manifestId: manifest.id,
    contentId: manifest.contentId,
    manifest: manifest.bytes,
    pieceBytes: manifest.pieceBytes,
    segments: manifestSegmentation(manifest).count,
    size: manifest.size,
    origin: 'own'
  }
}
