import type { CraftecError } from '../errors/index.ts'
import type { PeerId } from '../identity/index.ts'
import type { TransportName } from './transport-name.ts'

/**
 * A framed, flow-controlled, ordered byte-message pipe to one authenticated peer. Rules: docs/protocol/p2p-channel.md.
 * Both directions end together: when either side closes, what was already taken is still delivered and nothing new is.
 */
export interface Channel {
  readonly remotePeer: PeerId
  /** The peer's Ed25519 public key, 32 bytes, proven by the connection's handshake. */
  readonly remoteKey: Uint8Array
  readonly transport: TransportName
  readonly direction: 'inbound' | 'outbound'
  /** The longest payload either side may send on this channel. */
  readonly maxFrameBytes: number
  /**
   * Take `frame` if it can go now. The bytes are copied: the caller may reuse them after the call.
   * @returns false when it was not taken: no credit, the transport is full, or the channel is closed
   * @throws CraftecError `invalid-argument` when the frame is longer than `maxFrameBytes`
   */
  trySend(frame: Uint8Array): boolean
  /**
   * Wait until {@link trySend} would take a frame of any allowed size.
   * @throws CraftecError `link-closed` | `aborted`
   */
  writable(signal?: AbortSignal): Promise<void>
  /**
   * Wait for room, then send; calls are served in order. `frame` must stay untouched until the promise settles.
   * @throws CraftecError `link-closed` | `aborted` | `invalid-argument` | `limit-exceeded` (too many waiting)
   */
  send(frame: Uint8Array, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>
  /**
   * Frames from the peer, for one consumer at a time. Each frame owns its buffer, so it may be transferred. Asking for
   * the next frame gives the previous one's credit back to the peer. Leaving the loop keeps the channel open.
   * @throws CraftecError the reason the channel ended, after the frames that arrived before it
   */
  frames(): AsyncIterableIterator<Uint8Array>
  /** Flush, end, and wait for the peer to do the same; bounded by a deadline, after which the stream is reset. */
  close(): Promise<void>
  /** Reset the stream at once; unread and unsent frames are dropped. */
  abort(error: CraftecError): void
  /** Settles once, when the channel ends: undefined after an orderly close, else why. Never rejects. */
  readonly closed: Promise<CraftecError | undefined>
}
