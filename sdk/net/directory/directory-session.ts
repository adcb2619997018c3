import { type Clock, systemClock, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { Channel, P2pNode, PeerAddresses } from '../../p2p/index.ts'
import {
  DIRECTORY_PROTOCOL,
  type DirectoryAnswer,
  type DirectoryRequest,
  decodeAnswer,
  encodeRequest,
  MAX_DIRECTORY_FRAME_BYTES
} from './directory-frame.ts'

export interface DirectoryCallOptions {
  readonly signal?: AbortSignal | undefined
  /** For the whole call, in milliseconds. */
  readonly timeoutMs?: number
  readonly clock?: Clock
}

const DEFAULT_TIMEOUT_MS = 15_000

export type AskDirectory = (request: DirectoryRequest) => Promise<DirectoryAnswer>

/**
 * Open a channel to a directory server, run `task` with a function that asks it, and end the channel whatever happens.
 * @throws CraftecError `link-failed` | `link-closed` | `timeout` | `aborted` | `stopped` | `protocol-violation`, or what `task` throws
 */
export function withDirectoryServer<T>(
  node: P2pNode,
  peer: PeerAddresses,
  options: DirectoryCallOptions,
  task: (ask: AskDirectory, signal: AbortSignal) => Promise<T>
): Promise<T> {
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS, clock = systemClock } = options
  return withDeadline({ signal, timeoutMs, clock, what: 'directory server' }, async ended => {
    const limits = { signal: ended, timeoutMs, maxFrameBytes: MAX_DIRECTORY_FRAME_BYTES }
    const channel = await node.openChannel(peer, DIRECTORY_PROTOCOL, limits)
    const onEnded = (): void => channel.abort(CraftecError.from(ended.reason, 'aborted'))
    ended.addEventListener('abort', onEnded, { once: true })
    if (ended.aborted) onEnded()
    try {
      const result = await task(asker(channel, ended), ended)
      // Not awaited: the answer is here, and a server that is slow to say goodbye must not hold it back.
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

function asker(channel: Channel, signal: AbortSignal): AskDirectory {
  const frames = channel.frames()
  return async request => {
    await channel.send(encodeRequest(request), { signal })
    const { done, value } = await frames.next()
    if (done) throw new CraftecError('link-closed', 'the directory server ended the channel instead of answering')
    try {
      return decodeAnswer(value)
    } catch (cause) {
      throw new CraftecError('protocol-violation', 'the directory server sent an answer that does not decode', {
        cause
      })
    }
  }
}
