import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import type { Clock } from '../async/index.ts'
import { transportOf } from './transport-of.ts'

const GOODBYE_PROTOCOL = '/craftec/goodbye/1'
/** Opening the stream is a courtesy; a peer that does not know the protocol must not keep anything waiting. */
const OPEN_DEADLINE_MS = 10_000
const CLOSE_DEADLINE_MS = 1_000
/** How long a stopping node lets its peers act on the goodbye before it closes everything itself. */
const LEAVE_DEADLINE_MS = 500

/**
 * Tells peers that this node is leaving, so that they drop the connection at once.
 *
 * A closed tab says nothing over WebRTC: its peers notice after about 14 seconds (ICE consent, pings). In `pagehide`
 * there is no time to negotiate a protocol, so a stream waits ready on every WebRTC connection, opened by the side that
 * dialled; one byte on it, from either side, is the goodbye. The other transports end with their socket, which the
 * operating system closes.
 */
export class Goodbye {
  private readonly libp2p: Libp2p
  private readonly clock: Clock
  private readonly streams = new Map<Stream, Connection>()
  private readonly onOpen = (event: CustomEvent<Connection>): void => {
    if (needsGoodbye(event.detail)) void this.prepare(event.detail)
  }
  private readonly onPageHide = (): void => this.say()

  constructor(libp2p: Libp2p, clock: Clock) {
    this.libp2p = libp2p
    this.clock = clock
  }

  async start(): Promise<void> {
    await this.libp2p.handle(GOODBYE_PROTOCOL, (stream, connection) => this.watch(stream, connection), {
      runOnLimitedConnection: true,
      maxInboundStreams: 1
    })
    this.libp2p.addEventListener('connection:open', this.onOpen)
    for (const connection of this.libp2p.getConnections()) {
      if (needsGoodbye(connection)) void this.prepare(connection)
    }
    // only pages have it; a closed worker or service worker ends with its page or is stopped by its owner
    globalThis.addEventListener?.('pagehide', this.onPageHide)
  }

  /** Say goodbye and give the peers a moment to drop their connections. */
  async leave(): Promise<void> {
    globalThis.removeEventListener?.('pagehide', this.onPageHide)
    this.libp2p.removeEventListener('connection:open', this.onOpen)
    const gone = [...this.streams.keys()].map(
      stream => new Promise<void>(resolve => stream.addEventListener('close', () => resolve(), { once: true }))
    )
    this.say()
    let cancel = (): void => {}
    const late = new Promise<void>(resolve => {
      cancel = this.clock.after(LEAVE_DEADLINE_MS, resolve)
    })
    await Promise.race([Promise.all(gone), late])
    cancel()
  }

  /** Synchronous: whatever is not sent when `pagehide` handlers return is never sent. */
  private say(): void {
    for (const stream of this.streams.keys()) {
      try {
        stream.send(new Uint8Array([1]))
      } catch {
        // this one is closing already
      }
    }
  }

  private async prepare(connection: Connection): Promise<void> {
    try {
      const signal = AbortSignal.timeout(OPEN_DEADLINE_MS)
      this.watch(await connection.newStream(GOODBYE_PROTOCOL, { signal, runOnLimitedConnection: true }), connection)
    } catch {
      // the peer does not speak it: its connections end as libp2p ends them
    }
  }

  private watch(stream: Stream, connection: Connection): void {
    this.streams.set(stream, connection)
    stream.addEventListener('close', () => this.streams.delete(stream), { once: true })
    stream.addEventListener(
      'message',
      () => {
        connection
          .close({ signal: AbortSignal.timeout(CLOSE_DEADLINE_MS) })
          .catch(error => connection.abort(error instanceof Error ? error : new Error('goodbye')))
      },
      { once: true }
    )
    if (stream.status !== 'open') this.streams.delete(stream)
  }
}

function needsGoodbye({ direction, remoteAddr }: Connection): boolean {
  return direction === 'outbound' && transportOf(remoteAddr).startsWith('webrtc')
}
