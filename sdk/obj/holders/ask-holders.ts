import { type Clock, systemClock, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { P2pNode, PeerAddresses } from '../../p2p/index.ts'
import { equalBytes } from '../hashing/index.ts'
import {
  decodeHoldersAnswer,
  encodeHoldersRequest,
  HOLDERS_PROTOCOL,
  type HoldersAnswer,
  type HoldersRequest,
  MAX_FRAME_RECORDS,
  MAX_HOLDERS_FRAME_BYTES
} from './holder-frame.ts'
import { type HolderRecord, type RecordRefusal, tryOpenHolderRecord } from './holder-record.ts'
import type { PutResult } from './holder-table.ts'

export interface HoldersCallOptions {
  readonly signal?: AbortSignal | undefined
  /** For the whole call, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number
  readonly clock?: Clock
  /** Told of each record that was left out. */
  readonly onRefused?: (why: RecordRefusal) => void
}

const DEFAULT_TIMEOUT_MS = 10_000

/**
 * Ask one relay who holds a content.
 * @returns valid records of that content; what is not is left out
 * @throws CraftecError `link-failed` | `link-closed` | `timeout` | `aborted` | `stopped` | `protocol-violation`
 */
export function findHolders(
  node: Pick<P2pNode, 'openChannel'>,
  relay: PeerAddresses,
  contentId: Uint8Array,
  options: HoldersCallOptions = {}
): Promise<HolderRecord[]> {
  const { clock = systemClock, onRefused } = options
  return call(node, relay, options, async ask => {
    const answer = await ask({ kind: 'find', contentId, limit: MAX_FRAME_RECORDS })
    if (answer.kind !== 'found') throw wrongAnswer()
    return answer.records.flatMap(bytes => {
      const record = tryOpenHolderRecord(bytes, clock.now(), onRefused)
      return record && equalBytes(record.contentId, contentId) ? [record] : []
    })
  })
}

/** Tell one relay what this node holds. @returns what became of each record. @throws CraftecError as {@link findHolders} */
export function announceHoldings(
  node: Pick<P2pNode, 'openChannel'>,
  relay: PeerAddresses,
  records: readonly Uint8Array[],
  options: HoldersCallOptions = {}
): Promise<PutResult[]> {
  return call(node, relay, options, async ask => {
    const results: PutResult[] = []
    for (let at = 0; at < records.length; at += MAX_FRAME_RECORDS) {
      const batch = records.slice(at, at + MAX_FRAME_RECORDS)
      const answer = await ask({ kind: 'put', records: batch })
      if (answer.kind !== 'taken' || answer.results.length !== batch.length) throw wrongAnswer()
      results.push(...answer.results)
    }
    return results
  })
}

function call<T>(
  node: Pick<P2pNode, 'openChannel'>,
  relay: PeerAddresses,
  { signal, timeoutMs = DEFAULT_TIMEOUT_MS, clock = systemClock }: HoldersCallOptions,
  task: (ask: (request: HoldersRequest) => Promise<HoldersAnswer>) => Promise<T>
): Promise<T> {
  return withDeadline({ signal, timeoutMs, clock, what: 'relay that knows holders' }, async ended => {
    const limits = { signal: ended, timeoutMs, maxFrameBytes: MAX_HOLDERS_FRAME_BYTES }
    const channel = await node.openChannel(relay, HOLDERS_PROTOCOL, limits)
    const onEnded = (): void => channel.abort(CraftecError.from(ended.reason, 'aborted'))
    ended.addEventListener('abort', onEnded, { once: true })
    const frames = channel.frames()
    try {
      const result = await task(async request => {
        await channel.send(encodeHoldersRequest(request), { signal: ended })
        const { done, value } = await frames.next()
        if (done) throw new CraftecError('link-closed', 'the relay ended the channel instead of answering')
        try {
          return decodeHoldersAnswer(value)
        } catch (cause) {
          throw new CraftecError('protocol-violation', 'the relay sent an answer that does not decode', { cause })
        }
      })
      // Not awaited: the answer is here.
      channel.close().catch(error => channel.abort(CraftecError.from(error)))
      return result
    } catch (error) {
      channel.abort(CraftecError.from(error))
      throw error
    } finally {
      ended.removeEventListener('abort', onEnded)
    }
  })
}

function wrongAnswer(): CraftecError {
  return new CraftecError('protocol-violation', 'the relay answered something else than was asked')
}
