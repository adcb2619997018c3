import { throwIfAborted } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { manifestSegmentation, openManifest, type SignedManifest } from '../manifest/index.ts'
import type { NewContent } from '../store/index.ts'
import type { HolderSession, PeerFault } from '../transfer/index.ts'
import { byAgreement } from './by-agreement.ts'
import { firstAnswer } from './first-answer.ts'
import type { ObjContext } from './obj-context.ts'
import { pause } from './pause.ts'
import type { Reach } from './reach.ts'
import type { ContentRef, FoundHolder } from './search-holders.ts'

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
/** A holder that has not given a manifest by then is asked on, beside the next one. */
const PATIENCE_MS = 1_000

/**
 * The manifest of a content: from the store, or from a holder that has one which fits. Looks again until `timeoutMs` is over: who
 * holds it may just be about to say so.
 * @throws CraftecError `content-unavailable` when nobody who can be reached has it, `details.reason` being `no-holder`, `clock-behind` or
 * `clock-ahead`; `aborted`
 */
export async function findManifest(
  context: ObjContext,
  reach: Reach,
  ref: ContentRef,
  { signal, timeoutMs, onFault }: FindManifestOptions
): Promise<SignedManifest> {
  const { clock } = context
  const endMs = clock.monotonic() + timeoutMs
  const before = { ...context.refusedRecords }
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= PAUSE_GROWTH) {
    throwIfAborted(signal, 'get')
    const manifest = (await localManifest(context, ref)) ?? (await askHolders(context, reach, ref, signal, onFault))
    if (manifest) return manifest
    if (clock.monotonic() + pauseMs > endMs) throw unavailable(context.refusedRecords, before)
    await pause(clock, pauseMs, signal)
  }
}

/** What relays told of may all be of no use for one reason, which the user can do something about. */
function unavailable(now: ObjContext['refusedRecords'], before: ObjContext['refusedRecords']): CraftecError {
  const futureRecords = now.future - before.future
  const expiredRecords = now.expired - before.expired
  const invalidRecords = now.invalid - before.invalid
  const reason = futureRecords > 0 ? 'clock-behind' : expiredRecords > 0 ? 'clock-ahead' : 'no-holder'
  const advice = {
    'clock-behind': 'what relays tell of holders is dated in the future: this device’s clock is slow. Set it right',
    'clock-ahead':
      'what relays tell of holders has expired by this device’s clock: it may be fast. Set it right, or try again later',
    'no-holder': 'try again later'
  }[reason]
  return new CraftecError('content-unavailable', `no holder of this content can be reached; ${advice}`, {
    details: { reason, futureRecords, expiredRecords, invalidRecords }
  })
}

async function askHolders(
  context: ObjContext,
  reach: Reach,
  ref: ContentRef,
  signal: AbortSignal,
  onFault: FindManifestOptions['onFault']
): Promise<SignedManifest | undefined> {
  const { badManifests, clock } = context
  const found = reach.search(ref, signal)
  const holders = ref.manifestId ? found : byAgreement(found, id => !badManifests.has(id), clock)
  return firstAnswer(
    eachOnce(holders),
    (holder, inner) => askForManifest(context, reach, ref, holder, inner, onFault),
    // where holders may name different manifests, their order decides, and not who is quicker
    { clock, signal, patienceMs: ref.manifestId ? PATIENCE_MS : undefined }
  )
}

/** The first few of them. */
async function* eachOnce(holders: AsyncIterable<FoundHolder>): AsyncIterable<FoundHolder> {
  const seen = new Set<string>()
  for await (const holder of holders) {
    if (seen.has(holder.peerId)) continue
    if (seen.size === MAX_ASKED) return
    seen.add(holder.peerId)
    yield holder
  }
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
    if (signal.aborted) {
      void session?.close()
      throw CraftecError.from(signal.reason, 'aborted')
    }
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
