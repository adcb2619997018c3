import { type Clock, RequestBudget, type RequestRate, systemClock, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { Channel, P2pNode } from '../../p2p/index.ts'
import type { Directory } from './directory.ts'
import {
  DIRECTORY_PROTOCOL,
  type DirectoryAnswer,
  decodeRequest,
  encodeAnswer,
  MAX_DIRECTORY_FRAME_BYTES,
  MAX_PAGE_BYTES,
  MAX_REQUEST_BYTES
} from './directory-frame.ts'

export interface ServeDirectoryOptions {
  readonly clock?: Clock
  /** Channels open at once, over all peers. */
  readonly maxChannels?: number
  /** Of which one peer may hold so many. */
  readonly maxChannelsPerPeer?: number
  /** Pages a peer may ask for. The burst reads a full directory of 4,096 nodes in one go. */
  readonly listRate?: RequestRate
  /** Descriptors a peer may announce: each new one costs a signature check. */
  readonly announceRate?: RequestRate
  /** The same over all peers, whose number costs an attacker little. What comes on top is refused, not held against the peer. */
  readonly totalAnnounceRate?: RequestRate
  /** A channel without a request for this long is closed. */
  readonly idleMs?: number
  /** A peer that does not take its answer within this is cut off. */
  readonly answerMs?: number
}

const DEFAULTS = {
  clock: systemClock,
  maxChannels: 64,
  maxChannelsPerPeer: 4,
  listRate: { perSecond: 2, burst: 80 },
  announceRate: { perSecond: 1, burst: 32 },
  totalAnnounceRate: { perSecond: 64, burst: 1024 },
  idleMs: 30_000,
  answerMs: 10_000
}
/** Peers whose rate is remembered. */
const MAX_BUDGETS = 4096

interface Service {
  readonly directory: Directory
  readonly settings: typeof DEFAULTS
  readonly lists: RequestBudget
  readonly announces: RequestBudget
  readonly allAnnounces: RequestBudget
}

/**
 * Answer LIST and ANNOUNCE on `node`, for as long as the returned function is not called. What a peer does wrong ends its
 * channel and nothing else.
 * @returns a function that stops accepting and ends the channels that are open
 */
export function serveDirectory(node: P2pNode, directory: Directory, options: ServeDirectoryOptions = {}): () => void {
  const settings = { ...DEFAULTS, ...options }
  const service: Service = {
    directory,
    settings,
    lists: new RequestBudget(settings.listRate, MAX_BUDGETS),
    announces: new RequestBudget(settings.announceRate, MAX_BUDGETS),
    allAnnounces: new RequestBudget(settings.totalAnnounceRate, 1)
  }
  const open = new Set<Channel>()
  const limits = { maxFrameBytes: MAX_DIRECTORY_FRAME_BYTES, maxChannels: settings.maxChannels }
  const unhandle = node.handle(DIRECTORY_PROTOCOL, limits, channel => {
    const held = [...open].filter(({ remotePeer }) => remotePeer === channel.remotePeer).length
    if (held >= settings.maxChannelsPerPeer)
      return channel.abort(new CraftecError('limit-exceeded', `over ${held} directory channels from one peer`))
    open.add(channel)
    channel.closed.finally(() => open.delete(channel))
    serveChannel(service, channel).catch(error => channel.abort(CraftecError.from(error)))
  })
  return () => {
    unhandle()
    for (const channel of open) channel.abort(new CraftecError('stopped', 'the directory is no longer served here'))
  }
}

async function serveChannel(service: Service, channel: Channel): Promise<void> {
  const { clock, idleMs, answerMs } = service.settings
  const frames = channel.frames()
  for (;;) {
    const waiting = { what: 'request of a directory client', timeoutMs: idleMs, clock }
    const { done, value } = await withDeadline(waiting, () => frames.next())
    if (done) return channel.close()
    const answer = encodeAnswer(answerTo(service, channel.remotePeer, value))
    const sending = { what: 'directory client to take its answer', timeoutMs: answerMs, clock }
    await withDeadline(sending, signal => channel.send(answer, { signal }))
  }
}

function answerTo(service: Service, peer: string, frame: Uint8Array): DirectoryAnswer {
  const { directory, settings, lists, announces, allAnnounces } = service
  if (frame.length > MAX_REQUEST_BYTES)
    throw new CraftecError('protocol-violation', `directory request of ${frame.length} bytes`)
  const request = decodeRequest(frame)
  const budget = request.kind === 'list' ? lists : announces
  const monotonicMs = settings.clock.monotonic()
  if (!budget.take(peer, monotonicMs))
    throw new CraftecError('limit-exceeded', `too many directory requests (${request.kind}) from one peer`)
  const nowMs = settings.clock.now()
  if (request.kind === 'list')
    return { kind: 'page', ...directory.page(request.since, request.limit, MAX_PAGE_BYTES, nowMs) }
  if (!allAnnounces.take('all peers', monotonicMs)) return { kind: 'taken', result: 'refused' }
  const result = directory.offer(request.descriptor, nowMs)
  return { kind: 'taken', result: result === 'full' ? 'refused' : result }
}
