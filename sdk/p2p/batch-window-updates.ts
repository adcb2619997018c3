import type { StreamMuxerFactory } from '@libp2p/interface'

/** What this needs of @libp2p/yamux' muxer and streams, whose types are not exported. */
interface YamuxMuxer {
  _newStream?(id: number, state: number, direction: string): YamuxStream
}
interface YamuxStream {
  readonly state: number
  /** Bytes the peer may send in all after an update, and those of them it has not sent yet. */
  recvWindow: number
  readonly recvWindowCapacity: number
  readonly maxStreamWindowSize: number
  sendWindowUpdate(): void
}

/** YamuxStream's state once both sides announced the stream; before, an update carries the announcement and must go out. */
const ESTABLISHED = 3
/** Updates wait until this share of the window was used: the peer is never left with less than the rest of it. */
const UPDATE_SHARE = 0.25

/**
 * Tell the sender about room in steps instead of after every frame, as the yamux specification means it; and give it all the room there
 * may be when the stream begins.
 *
 * Upstream habits (@libp2p/yamux 8.0): each frame received is answered with a window update. That is a message back, sealed and opened by
 * Noise, for each one forth. And a stream begins with 256 KiB, doubled when updates follow each other within four round trips of a ping
 * of an idle link: on a busy machine they never do, and 256 KiB a round trip is all that it ever carries.
 */
export function batchWindowUpdates<Components>(
  factory: (components: Components) => StreamMuxerFactory
): (components: Components) => StreamMuxerFactory {
  return components => {
    const muxers = factory(components)
    const createStreamMuxer = muxers.createStreamMuxer.bind(muxers)
    muxers.createStreamMuxer = connection => {
      const muxer = createStreamMuxer(connection)
      const inner = muxer as YamuxMuxer
      const newStream = inner._newStream?.bind(muxer)
      if (newStream !== undefined) inner._newStream = (...args) => patch(newStream(...args))
      return muxer
    }
    return muxers
  }
}

function patch(stream: YamuxStream): YamuxStream {
  // told with the update that announces the stream
  stream.recvWindow = stream.maxStreamWindowSize
  const sendWindowUpdate = stream.sendWindowUpdate.bind(stream)
  stream.sendWindowUpdate = () => {
    const used = stream.recvWindow - stream.recvWindowCapacity
    if (stream.state !== ESTABLISHED || used >= stream.recvWindow * UPDATE_SHARE) sendWindowUpdate()
  }
  return stream
}
