import type { CreateStreamOptions, MessageStream, StreamMuxerFactory } from '@libp2p/interface'
import { AbstractStreamMuxer } from '@libp2p/utils'
import type { WebTransportSession, WebTransportStream } from '../web-transport-server.ts'
import { WebTransportMuxedStream } from './webtransport-muxed-stream.ts'

const PROTOCOL = '/webtransport'

/** Multiplexing is QUIC's own; this only gives streams libp2p's shape. */
class WebTransportMuxer extends AbstractStreamMuxer<WebTransportMuxedStream> {
  private readonly session: WebTransportSession

  constructor(maConn: MessageStream, session: WebTransportSession, early: readonly WebTransportStream[]) {
    super(maConn, { protocol: PROTOCOL, name: 'muxer' })
    this.session = session
    session.onStream = stream => this.onRemoteStream(this.wrap(stream, 'inbound', {}))
    for (const stream of early) session.onStream(stream)
  }

  onCreateStream(options: CreateStreamOptions): WebTransportMuxedStream {
    return this.wrap(this.session.openStream(), 'outbound', options)
  }

  onData(): void {
    // The connection under this muxer carries no bytes of its own.
  }

  private wrap(
    stream: WebTransportStream,
    direction: 'inbound' | 'outbound',
    options: CreateStreamOptions
  ): WebTransportMuxedStream {
    const log = this.log.newScope(`${direction}:${stream.id}`)
    return new WebTransportMuxedStream({ ...options, id: String(stream.id), direction, log, protocol: '' }, stream)
  }
}

/** @param early streams that came before the muxer */
export function webTransportMuxer(
  session: WebTransportSession,
  early: readonly WebTransportStream[]
): StreamMuxerFactory {
  return { protocol: PROTOCOL, createStreamMuxer: maConn => new WebTransportMuxer(maConn, session, early) }
}
