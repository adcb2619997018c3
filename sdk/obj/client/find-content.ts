import { throwIfAborted } from '../../async/index.ts'
import { encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { type PeerId, peerIdFromPublicKey } from '../../identity/index.ts'
import type { PeerAddresses } from '../../p2p/index.ts'
import { findHolders } from '../holders/index.ts'
import { manifestSegmentation, openManifest, type SignedManifest } from '../manifest/index.ts'
import type { NewContent } from '../store/index.ts'
import type { HolderSession, PeerFault } from '../transfer/index.ts'
import type { ObjContext } from './obj-context.ts'
import { pause } from './pause.ts'
import type { Reach } from './reach.ts'

export interface ContentRef {
  readonly contentId: Uint8Array
  /** Absent: whatever manifest of the content is found first. */
  readonly manifestId?: Uint8Array | undefined
}

export interface FoundHolder extends PeerAddresses {
  readonly manifestId: Uint8Array | undefined
}

export interface FindManifestOptions {
  readonly signal: AbortSignal
  /** Until it is given up. */
  readonly timeoutMs: number
  readonly onFault?: ((fault: PeerFault) => void) | undefined
}

/** Before holders are looked for again; doubles. */
const FIRST_PAUSE_MS = 250
/** Holders whose manifests are looked at before a search is called off. */
const MAX_ASKED = 16

/**
 * Holders of a content, as they become known: from the relays that keep records, all at once; then from the DHT, if the node has one.
 * None of it is believed: whoever is found must prove what it holds. It ends, and does not fail.
 */
export async function* searchHolders(
  context: Pick<ObjContext, 'node' | 'relays' | 'clock' | 'scores'>,
  { contentId, manifestId }: ContentRef,
  signal: AbortSignal
): AsyncIterable<FoundHolder> {
  const { node, clock, scores } = context
  const seen = new Set<string>([node.peerId])
  const usable = (peerId: PeerId): boolean => !seen.has(peerId) && !scores.isBanned(peerId, clock.monotonic())
  const asked = context.relays(contentId).map(relay =>
    findHolders(node, relay, contentId, { signal, clock })
      .then(records => ({ records }))
      .catch(() => ({ records: [] }))
  )
  for await (const { records } of asSettled(asked))
    for (const record of records) {
      const peerId = peerIdFromPublicKey(record.holder)
      if (!usable(peerId)) continue
      if (manifestId && encodeHex(record.manifestId) !== encodeHex(manifestId)) continue
      seen.add(peerId)
      yield { peerId, addresses: record.addresses, manifestId: record.manifestId }
    }
  const providers = (await node.dht?.findProviders(contentId, { signal }).catch(() => [])) ?? []
  for (const provider of providers) {
    if (!usable(provider.peerId)) continue
    seen.add(provider.peerId)
    yield { ...provider, manifestId: undefined }
  }
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
 * The manifest of a content: from the store, or from the first holder that has one which fits. Looks again until `timeoutMs` is over: who
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
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
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
  for await (const holder of reach.search(ref, signal)) {
    if (asked++ === MAX_ASKED) break
    const manifest = await askForManifest(context, reach, ref, holder, signal, onFault)
    if (manifest) return manifest
  }
  return undefined
}

async function localManifest({ store }: ObjContext, ref: ContentRef): Promise<SignedManifest | undefined> {
  const known = ref.manifestId ? await store.content(ref.manifestId) : (await store.byContentId(ref.contentId))[0]
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
    if (!bytes) return undefined
    const manifest = openManifest(bytes, { manifestId, contentId: ref.contentId })
    if (reach.keep) await store.addContent(newContent(manifest))
    return manifest
  } catch (error) {
    if (signal.aborted) throw CraftecError.from(signal.reason, 'aborted')
    const { code } = CraftecError.from(error)
    // a manifest that does not verify, or of something else, is a lie; anything else is bad luck
    if (code === 'malformed' || code === 'invalid-signature' || code === 'protocol-violation') {
      scores.ban(holder.peerId, clock.monotonic())
      onFault?.({ peer: holder.peerId, why: 'protocol-violation' })
    } else scores.failed(holder.peerId, clock.monotonic())
    return undefined
  } finally {
    void session?.close()
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
