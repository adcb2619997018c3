import type { UpgradeHook } from './upgrade-hook.ts'

/** What this needs of @libp2p/webtransport's streams and muxer, whose types are not exported. */
interface WriterStream {
  readonly writer?: WritableStreamDefaultWriter<Uint8Array>
  sendReset?(error: Error): void
}
interface SessionMuxer {
  onCreateStream?(options: unknown): Promise<WriterStream>
  onRemoteStream?(stream: WriterStream): void
}

/**
 * Reset a WebTransport stream only when none of its writes is in flight.
 *
 * Upstream defect (Chromium 156): when `writer.abort()` finds a write in flight and the session ends soon after, from
 * either side, the renderer crashes, and with it the tab. libp2p resets the streams of a connection right before it
 * closes the session (@libp2p/webtransport 6.0). A reset that has to wait for a peer that reads nothing comes with the
 * end of the session at the latest, where it has no effect any more; until then the stream is idle.
 */
export const resetAfterWrites: UpgradeHook = (_connection, { muxerFactory }) => {
  if (muxerFactory === undefined) return
  const createMuxer = muxerFactory.createStreamMuxer.bind(muxerFactory)
  muxerFactory.createStreamMuxer = connection => {
    const muxer = createMuxer(connection)
    const inner = muxer as SessionMuxer
    const onCreateStream = inner.onCreateStream?.bind(muxer)
    const onRemoteStream = inner.onRemoteStream?.bind(muxer)
    if (onCreateStream !== undefined) inner.onCreateStream = async options => patch(await onCreateStream(options))
    if (onRemoteStream !== undefined) inner.onRemoteStream = stream => onRemoteStream(patch(stream))
    return muxer
  }
}

function patch(stream: WriterStream): WriterStream {
  const { writer } = stream
  if (writer === undefined || stream.sendReset === undefined) return stream
  let inFlight = 0
  let reset: (() => void) | undefined
  const write = writer.write.bind(writer)
  const settled = (): void => {
    inFlight--
    if (inFlight === 0) reset?.()
  }
  writer.write = chunk => {
    inFlight++
    const written = write(chunk)
    written.then(settled, settled)
    return written
  }
  stream.sendReset = error => {
    // by then the session may be over; that the reset fails is then no news
    reset = () => void writer.abort(error).catch(() => {})
    if (inFlight === 0) reset()
  }
  return stream
}
