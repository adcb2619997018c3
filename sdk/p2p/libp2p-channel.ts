import type { Connection, PeerId as Libp2pPeerId, Stream } from '@libp2p/interface'
import type { Clock } from '../async/index.ts'
import { CraftecError } from '../errors/index.ts'
import type { PeerId } from '../identity/index.ts'
import { FlightLimit } from './flight-limit.ts'
import { CLOSE_DEADLINE_MS, FramedChannel } from './framed-channel.ts'
import { leanWebRtcStream } from './lean-webrtc-stream.ts'
import { nextTurn } from './next-turn.ts'
import type { OpenChannelOptions } from './p2p-node.ts'
import { transportOf } from './transport-of.ts'

/**
 * Of the little that is on the way over SCTP: in steps of 256 KiB half of it leaves at a time. Measured from page to page, in turns on a busy
 * machine, MB/s with this and without: 10.7 and 10.3, 11.0 and 9.1, 9.9 and 10.1.
 */
const SCTP_GRANT_STEP_BYTES = 64 * 1024

/**
 * Run a framed channel over a libp2p stream.
 *
 * Two habits of libp2p are avoided here for good. `stream.onDrain()` never waits again after its first drain
 * (@libp2p/utils 7.4: its promise is not renewed), so a sender built on it buffers everything it has; only the `drain`
 * event is used. And `stream.pause()` is never called: on WebTransport resuming aborts the stream, on WebRTC it holds
 * nothing back. The channel's own credit is what bounds a slow reader.
 */
export function channelOverStream(
  stream: Stream,
  connection: Connection,
  { maxFrameBytes, reuseFrames }: Pick<OpenChannelOptions, 'maxFrameBytes' | 'reuseFrames'>,
  clock: Clock
): FramedChannel {
  const copies = leanWebRtcStream(stream)
  const transport = transportOf(connection.remoteAddr)
  const overSctp = transport === 'webrtc' || transport === 'webrtc-direct'
  const channel = new FramedChannel(
    {
      send: bytes => stream.send(bytes),
      holdsNothing: () => copies && stream.writeBufferLength === 0,
      end: () => {
        // the abort also covers a peer that never closes its side of the stream
        stream.close({ signal: AbortSignal.timeout(CLOSE_DEADLINE_MS) }).catch(error => stream.abort(error))
      },
      reset: error => stream.abort(error)
    },
    {
      remotePeer: connection.remotePeer.toString() as PeerId,
      remoteKey: ed25519KeyOf(connection.remotePeer),
      transport,
      direction: stream.direction,
      maxFrameBytes,
      reuseFrames,
      ...(overSctp ? { flight: new FlightLimit(), grantStepBytes: SCTP_GRANT_STEP_BYTES } : {})
    },
    clock,
    nextTurn
  )
  stream.addEventListener('message', ({ data }) => {
    if (data instanceof Uint8Array) channel.received(data)
    else for (const chunk of data) channel.received(chunk)
  })
  stream.addEventListener('drain', () => channel.drained())
  stream.addEventListener('end', () => channel.lost())
  stream.addEventListener('close', event => channel.lost(event.error))
  if (stream.status !== 'open') channel.lost()
  return channel
}

/** @throws CraftecError `link-failed` when the peer's key is not Ed25519: no such peer is one of ours */
export function ed25519KeyOf(peer: Libp2pPeerId): Uint8Array {
  if (peer.type !== 'Ed25519') {
    throw new CraftecError('link-failed', 'the peer identifies itself with a key that is not Ed25519')
  }
  return peer.publicKey.raw
}
