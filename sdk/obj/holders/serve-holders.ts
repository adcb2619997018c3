import { type Clock, RequestBudget, systemClock, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { Channel, P2pNode } from '../../p2p/index.ts'
import {
  decodeHoldersRequest,
  encodeHoldersAnswer,
  HOLDERS_PROTOCOL,
  type HoldersAnswer,
  MAX_HOLDERS_FRAME_BYTES
} from './holder-frame.ts'
import { HolderTable } from './holder-table.ts'

export interface ServeHoldersOptions {
  readonly table?: HolderTable
  readonly clock?: Clock
  /** Channels open at once, over all peers. */
  readonly maxChannels?: number
}

const MAX_CHANNELS = 128
const IDLE_MS = 30_000
const ANSWER_MS = 10_000
const MAX_BUDGETS = 4096
/** Look-ups are cheap; a record costs a signature check. */
const FIND_RATE = { perSecond: 10, burst: 100 }
const PUT_RATE = { perSecond: 20, burst: 2_000 }
const SWEEP_MS = 10 * 60_000

export interface HolderService {
  readonly table: HolderTable
  stop(): void
}

/** Keep holder records for others, until stopped. What a peer does wrong ends its channel and nothing else. */
export function serveHolders(node: Pick<P2pNode, 'handle'>, options: ServeHoldersOptions = {}): HolderService {
  const { table = new HolderTable(), clock = systemClock, maxChannels = MAX_CHANNELS } = options
  const finds = new RequestBudget(FIND_RATE, MAX_BUDGETS)
  const puts = new RequestBudget(PUT_RATE, MAX_BUDGETS)
  const open = new Set<Channel>()

  const answerTo = (channel: Channel, frame: Uint8Array): HoldersAnswer => {
    const request = decodeHoldersRequest(frame)
    const now = clock.monotonic()
    if (request.kind === 'find') {
      if (!finds.take(channel.remotePeer, now)) throw tooMany()
      return { kind: 'found', records: table.find(request.contentId, request.limit, clock.now()) }
    }
    const results = request.records.map(record =>
      puts.take(channel.remotePeer, now) ? table.put(record, channel.remoteKey, clock.now()) : 'full'
    )
    return { kind: 'taken', results }
  }

  const serve = async (channel: Channel): Promise<void> => {
    const frames = channel.frames()
    for (;;) {
      const idle = { what: 'request for holders', timeoutMs: IDLE_MS, clock }
      const { done, value } = await withDeadline(idle, () => frames.next())
      if (done) return channel.close()
      const answer = encodeHoldersAnswer(answerTo(channel, value))
      const sending = { what: 'peer to take its answer', timeoutMs: ANSWER_MS, clock }
      await withDeadline(sending, signal => channel.send(answer, { signal }))
    }
  }

  let cancelSweep = (): void => {}
  const sweep = (): void => {
    table.sweep(clock.now())
    cancelSweep = clock.after(SWEEP_MS, sweep)
  }
  sweep()
  const unhandle = node.handle(HOLDERS_PROTOCOL, { maxFrameBytes: MAX_HOLDERS_FRAME_BYTES, maxChannels }, channel => {
    open.add(channel)
    void channel.closed.then(() => open.delete(channel))
    serve(channel).catch(error => channel.abort(CraftecError.from(error)))
  })
  return {
    table,
    stop: () => {
      cancelSweep()
      unhandle()
      for (const channel of open) channel.abort(new CraftecError('stopped', 'this node keeps no holders any longer'))
    }
  }
}

function tooMany(): CraftecError {
  return new CraftecError('limit-exceeded', 'too many requests for holders from one peer')
}
