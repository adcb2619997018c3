import { type Clock, systemClock, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { P2pNode, PeerAddresses } from '../../p2p/index.ts'
import { encodeStorageReceipt, type SignedStorageReceipt } from '../audit/index.ts'
import {
  decodeTaken,
  encodeGive,
  MAX_FRAME_RECEIPTS,
  MAX_RECEIPTS_FRAME_BYTES,
  RECEIPTS_PROTOCOL
} from './receipt-frame.ts'

const TIMEOUT_MS = 10_000

/**
 * Hand receipts to the node that they are about.
 * @returns how many it took: those that it did not know
 * @throws CraftecError `link-failed` | `link-closed` | `timeout` | `aborted` | `stopped` | `protocol-violation`
 */
export function giveReceipts(
  node: Pick<P2pNode, 'openChannel'>,
  peer: PeerAddresses,
  receipts: readonly SignedStorageReceipt[],
  { signal, clock = systemClock }: { readonly signal?: AbortSignal; readonly clock?: Clock } = {}
): Promise<number> {
  return withDeadline({ signal, timeoutMs: TIMEOUT_MS, clock, what: 'node to take its receipts' }, async ended => {
    const limits = { signal: ended, timeoutMs: TIMEOUT_MS, maxFrameBytes: MAX_RECEIPTS_FRAME_BYTES }
    const channel = await node.openChannel(peer, RECEIPTS_PROTOCOL, limits)
    const onEnded = (): void => channel.abort(CraftecError.from(ended.reason, 'aborted'))
    ended.addEventListener('abort', onEnded, { once: true })
    const frames = channel.frames()
    let taken = 0
    try {
      for (let at = 0; at < receipts.length; at += MAX_FRAME_RECEIPTS) {
        const batch = receipts.slice(at, at + MAX_FRAME_RECEIPTS).map(encodeStorageReceipt)
        await channel.send(encodeGive(batch), { signal: ended })
        const { done, value } = await frames.next()
        if (done) throw new CraftecError('link-closed', 'the node ended the channel instead of taking its receipts')
        taken += decodeTaken(value)
      }
      await channel.close()
      return taken
    } catch (cause) {
      const error = CraftecError.from(cause)
      channel.abort(error)
      throw error.code === 'malformed'
        ? new CraftecError('protocol-violation', 'the node sent an answer that does not decode', { cause })
        : error
    } finally {
      ended.removeEventListener('abort', onEnded)
    }
  })
}
