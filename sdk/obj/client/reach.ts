import { type Clock, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { type PeerId, publicKeyFromPeerId } from '../../identity/index.ts'
import type { PeerAddresses } from '../../p2p/index.ts'
import { HolderSession } from '../transfer/index.ts'
import { patientDht } from './ask-dht.ts'
import type { ObjContext } from './obj-context.ts'
import { privateChannel } from './private-channel.ts'
import { type ContentRef, type FoundHolder, searchHolders } from './search-holders.ts'
import { sharingPeers } from './spread-plan.ts'

/** How holders are found and talked to. */
export interface Reach {
  /** Whether what is fetched may stay in the store, from where others may learn of it. */
  readonly keep: boolean
  search(ref: ContentRef, signal: AbortSignal): AsyncIterable<FoundHolder>
  /** @throws CraftecError `link-failed` | `timeout` | `aborted` | `stopped`, and those of a circuit */
  open(holder: PeerAddresses, signal: AbortSignal): Promise<HolderSession>
  /** Nothing more is asked in a session for now. */
  giveBack(session: HolderSession): void
}

const OPEN_TIMEOUT_MS = 10_000
/** Holders remembered from one search to the next. */
const MAX_FOUND = 64
/** Each that does not have it costs a question and an answer. */
const MAX_NEIGHBOURS = 3
/** A circuit is built first. */
const PRIVATE_OPEN_TIMEOUT_MS = 30_000

/** Over links: relays learn what is looked for, holders who asks, and so do the neighbours. */
export function openReach(context: ObjContext): Reach {
  const { node, clock } = context
  const askDht = patientDht(clock)
  return {
    keep: true,
    search: async function* (ref, signal) {
      if (ref.manifestId) yield* neighbours(context)
      yield* searchHolders(context, ref, signal, askDht)
    },
    open: (holder, signal) => HolderSession.open(node, holder, { signal, clock, timeoutMs: OPEN_TIMEOUT_MS }),
    giveBack: session => void session.close()
  }
}

/** Peers that this node fetched from before, and is still linked with: they are asked without a look-up, and may well have this too. */
function neighbours({ node, scores, clock }: ObjContext): FoundHolder[] {
  const now = clock.monotonic()
  return node
    .peers()
    .filter(peerId => scores.rank(peerId, now) > 0 && !scores.isBanned(peerId, now))
    .sort((a, b) => scores.rank(b, now) - scores.rank(a, now))
    .slice(0, MAX_NEIGHBOURS)
    .map(peerId => ({ peerId, addresses: [], manifestId: undefined }))
}

/**
 * Over circuits that end at the storage nodes. Relays are not asked, since they would learn what is looked for: whoever has the link knows
 * which storage nodes a publisher deals the content to.
 * @throws CraftecError `unsupported` where there are no circuits
 */
export function privateReach(context: ObjContext): Reach {
  const { connectPrivately: connect, storagePeers, scores, clock } = context
  if (!connect)
    throw new CraftecError('unsupported', 'this node has no circuits: private retrieval needs the onion network')
  return {
    keep: false,
    search: async function* ({ manifestId }) {
      if (!manifestId)
        throw new CraftecError(
          'invalid-argument',
          'private retrieval takes a link: a content id alone would have to be looked up'
        )
      for (const peer of sharingPeers(storagePeers(), manifestId))
        if (!scores.isBanned(peer.peerId, clock.monotonic())) yield { ...peer, manifestId }
    },
    open: (holder, signal) =>
      withDeadline({ signal, timeoutMs: PRIVATE_OPEN_TIMEOUT_MS, what: 'circuit to a holder', clock }, async inner => {
        const duplex = await connect(holder.peerId, inner)
        const remote = { peerId: holder.peerId, key: publicKeyFromPeerId(holder.peerId) }
        return new HolderSession(privateChannel(duplex, remote, 'outbound'), clock)
      }),
    giveBack: session => void session.close()
  }
}

/** A session that was given back waits so long for its next use. */
const SPARE_MS = 5_000

/**
 * The way to holders for one get: who was found for its manifest is the first to be asked for its pieces, in the same session. Saves a
 * look-up at the relays and the opening of a channel before the first byte.
 */
export function warmReach(reach: Reach, clock: Clock): Reach {
  const found = new Map<PeerId, FoundHolder>()
  const spare = new Map<PeerId, { readonly session: HolderSession; readonly cancel: () => void }>()
  const take = (peer: PeerId): HolderSession | undefined => {
    const kept = spare.get(peer)
    spare.delete(peer)
    kept?.cancel()
    return kept?.session
  }
  return {
    keep: reach.keep,
    search: async function* (ref, signal) {
      const known = [...found.values()]
      yield* known
      for await (const holder of reach.search(ref, signal)) {
        if (found.size < MAX_FOUND) found.set(holder.peerId, holder)
        if (!known.some(({ peerId }) => peerId === holder.peerId)) yield holder
      }
    },
    open: async (holder, signal) => take(holder.peerId) ?? (await reach.open(holder, signal)),
    giveBack: session => {
      const { peer } = session
      take(peer)?.close()
      const cancel = clock.after(SPARE_MS, () => void take(peer)?.close())
      spare.set(peer, { session, cancel })
      void session.closed.then(() => {
        if (spare.get(peer)?.session === session) take(peer)
      })
    }
  }
}
