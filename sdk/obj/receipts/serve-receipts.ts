import { type Clock, RequestBudget, systemClock, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { Channel, P2pNode } from '../../p2p/index.ts'
import { openStorageReceipt, type SignedStorageReceipt } from '../audit/index.ts'
import { equalBytes } from '../hashing/index.ts'
import type { ReceiptBook } from './receipt-book.ts'
import { decodeGive, encodeTaken, MAX_RECEIPTS_FRAME_BYTES, RECEIPTS_PROTOCOL } from './receipt-frame.ts'

export interface ServeReceiptsOptions {
  readonly book: ReceiptBook
  /** Whether this node holds anything of a content: a receipt for anything else is a gift that nobody asked for. */
  readonly holds: (contentId: Uint8Array) => Promise<boolean>
  readonly clock?: Clock
}

const MAX_CHANNELS = 32
const IDLE_MS = 10_000
const MAX_BUDGETS = 1024
/** Each costs a signature check. A scanner has a few hundred segments of one holder in an epoch. */
const RATE = { perSecond: 5, burst: 1_000 }
/** Clocks differ, and a scan takes a while. */
const MAX_AGE_S = 60 * 60
const MAX_FUTURE_S = 10 * 60

/**
 * Take receipts about this node from the challengers that signed them. Nobody brings those of another, and none is taken for content that
 * is not here: what the book may hold is bounded, and must not be filled with nonsense.
 * @returns ends it
 */
export function serveReceipts(
  node: Pick<P2pNode, 'handle' | 'publicKey'>,
  { book, holds, clock = systemClock }: ServeReceiptsOptions
): () => void {
  const budget = new RequestBudget(RATE, MAX_BUDGETS)
  const open = new Set<Channel>()

  const valid = async (bytes: Uint8Array, channel: Channel): Promise<SignedStorageReceipt | undefined> => {
    if (!budget.take(channel.remotePeer, clock.monotonic())) return undefined
    const receipt = tryOpen(bytes)
    const nowS = clock.now() / 1000
    return receipt &&
      equalBytes(receipt.challenger, channel.remoteKey) &&
      equalBytes(receipt.storageNode, node.publicKey) &&
      receipt.timestamp > nowS - MAX_AGE_S &&
      receipt.timestamp < nowS + MAX_FUTURE_S &&
      (await holds(receipt.contentId))
      ? receipt
      : undefined
  }

  const serve = async (channel: Channel): Promise<void> => {
    const frames = channel.frames()
    for (;;) {
      const waiting = { what: 'storage receipts', timeoutMs: IDLE_MS, clock }
      const { done, value } = await withDeadline(waiting, () => frames.next())
      if (done) return channel.close()
      const receipts: SignedStorageReceipt[] = []
      for (const bytes of decodeGive(value)) {
        const receipt = await valid(bytes, channel)
        if (receipt) receipts.push(receipt)
      }
      const taken = await book.add(receipts, clock.now())
      const sending = { what: 'challenger to take its answer', timeoutMs: IDLE_MS, clock }
      await withDeadline(sending, signal => channel.send(encodeTaken(taken), { signal }))
    }
  }

  const limits = { maxFrameBytes: MAX_RECEIPTS_FRAME_BYTES, maxChannels: MAX_CHANNELS }
  const unhandle = node.handle(RECEIPTS_PROTOCOL, limits, channel => {
    open.add(channel)
    void channel.closed.then(() => open.delete(channel))
    serve(channel).catch(error => channel.abort(CraftecError.from(error)))
  })
  return () => {
    unhandle()
    for (const channel of open) channel.abort(new CraftecError('stopped', 'this node takes no receipts any longer'))
  }
}

function tryOpen(bytes: Uint8Array): SignedStorageReceipt | undefined {
  try {
    return openStorageReceipt(bytes)
  } catch (error) {
    if (error instanceof CraftecError) return undefined
    throw error
  }
}
