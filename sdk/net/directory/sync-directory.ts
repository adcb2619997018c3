import { systemClock } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { P2pNode, PeerAddresses } from '../../p2p/index.ts'
import { DEFAULT_MAX_NODES, type Directory } from './directory.ts'
import { type AnnounceResult, MAX_PAGE_DESCRIPTORS } from './directory-frame.ts'
import { type DirectoryCallOptions, withDirectoryServer } from './directory-session.ts'

export interface SyncDirectoryOptions extends DirectoryCallOptions {
  /** `next` of the last synchronisation with this server; 0 reads everything. */
  readonly since?: bigint
}

export interface SyncResult {
  readonly taken: number
  readonly known: number
  /** Descriptors that were not valid. Some are expected where clocks differ; many say something about the server. */
  readonly refused: number
  /** Valid, perhaps, but there was no room. */
  readonly full: number
  /** Where to go on next time. */
  readonly next: bigint
}

/** More than any honest server holds. */
const MAX_RECEIVED = 2 * DEFAULT_MAX_NODES
/** An honest server checked what it serves; clocks that differ explain a few. */
const MAX_REFUSED = 64
/** Signature checks between two turns of the event loop: at noble's 0.5 ms each a page must not stall a tab. */
const ADDS_PER_TURN = 8

/**
 * Read what a directory server has learned since last time. Only signed, fresh descriptors get into `directory`; a server
 * can leave nodes out, which is why several should be asked.
 * @throws CraftecError `link-failed` | `link-closed` | `timeout` | `aborted` | `stopped`; `protocol-violation` when the server's
 *   pages go nowhere or hold mostly rubbish; `limit-exceeded` when they do not end
 */
export function syncDirectory(
  node: P2pNode,
  peer: PeerAddresses,
  directory: Directory,
  options: SyncDirectoryOptions = {}
): Promise<SyncResult> {
  const { clock = systemClock, since = 0n } = options
  return withDirectoryServer(node, peer, options, async (ask, signal) => {
    const counts = { taken: 0, known: 0, refused: 0, full: 0 }
    let next = since
    for (let received = 0; ; ) {
      const page = await ask({ kind: 'list', since: next, limit: MAX_PAGE_DESCRIPTORS })
      if (page.kind !== 'page') throw new CraftecError('protocol-violation', 'the directory server sent no page')
      for (const descriptor of page.descriptors) {
        counts[directory.offer(descriptor, clock.now())]++
        if (++received % ADDS_PER_TURN === 0) await new Promise<void>(resolve => clock.after(0, resolve))
        signal.throwIfAborted()
      }
      if (counts.refused > MAX_REFUSED && 2 * counts.refused > received)
        throw new CraftecError('protocol-violation', 'the directory server sends mostly descriptors that are not valid')
      if (received > MAX_RECEIVED)
        throw new CraftecError('limit-exceeded', `over ${MAX_RECEIVED} descriptors in one go`)
      if (!page.more) return { ...counts, next: page.next }
      // A server that restarted starts over, once; a page that leads nowhere must not be asked for again.
      if (page.descriptors.length === 0 || page.next === next)
        throw new CraftecError('protocol-violation', 'the directory server says there is more, and gives nothing')
      next = page.next
    }
  })
}

/**
 * Tell a directory server about a node, oneself above all.
 * @param descriptor signed bytes
 * @throws CraftecError `link-failed` | `link-closed` | `timeout` | `aborted` | `stopped` | `protocol-violation`
 */
export function announceDescriptor(
  node: P2pNode,
  peer: PeerAddresses,
  descriptor: Uint8Array,
  options: DirectoryCallOptions = {}
): Promise<AnnounceResult> {
  return withDirectoryServer(node, peer, options, async ask => {
    const answer = await ask({ kind: 'announce', descriptor })
    if (answer.kind !== 'taken')
      throw new CraftecError('protocol-violation', 'the directory server did not say whether')
    return answer.result
  })
}
