import { nextTurn } from './next-turn.ts'
import type { UpgradeHook } from './upgrade-hook.ts'

/** What this needs of @libp2p/webtransport's connection and muxer, whose types are not exported. */
interface SessionConnection {
  cleanUpWTSession?(metric: string): void
}
interface SessionMuxer {
  sendReset?(): void
}

/**
 * Close a WebTransport session one turn of the event loop after its streams were aborted.
 *
 * Upstream defect (Chromium 156): `writer.abort()` on a stream with a write in flight, followed by `session.close()`
 * before the microtasks in between have run, crashes the renderer, and with it the tab. libp2p does exactly that when it
 * aborts a connection (@libp2p/webtransport 6.0): every stream, then the session.
 */
export const deferWebTransportClose: UpgradeHook = (connection, { muxerFactory }) => {
  const session = connection as SessionConnection
  const cleanUp = session.cleanUpWTSession?.bind(session)
  if (cleanUp === undefined || muxerFactory === undefined) return
  session.cleanUpWTSession = metric => nextTurn(() => cleanUp(metric))
  const create = muxerFactory.createStreamMuxer.bind(muxerFactory)
  muxerFactory.createStreamMuxer = connection => {
    const muxer = create(connection)
    const inner = muxer as SessionMuxer
    const reset = inner.sendReset?.bind(muxer)
    if (reset !== undefined) inner.sendReset = () => nextTurn(reset)
    return muxer
  }
}
