import { type Clock, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { Channel } from '../../p2p/index.ts'
import { decodeTransferMessage, encodeChunk, encodeTransferMessage } from './transfer-codec.ts'
import { CHUNK_BYTES } from './transfer-limits.ts'
import type { PieceHead, TransferMessage } from './transfer-message.ts'

/** A peer that takes nothing for this long is cut off. */
const SEND_TIMEOUT_MS = 30_000

/** A channel that speaks storage messages. */
export class TransferLink {
  readonly channel: Channel
  readonly #clock: Clock
  readonly #frames: AsyncIterableIterator<Uint8Array>
  #chunk: Uint8Array<ArrayBuffer> | undefined

  constructor(channel: Channel, clock: Clock) {
    this.channel = channel
    this.#clock = clock
    this.#frames = channel.frames()
  }

  /** @throws CraftecError `link-closed` | `timeout` | `aborted` | `limit-exceeded` */
  send(message: TransferMessage, signal?: AbortSignal): Promise<void> {
    return this.#sendFrame(encodeTransferMessage(message), signal)
  }

  /**
   * Send a piece. Nobody else may send a piece or a chunk until it is through; other messages may come between.
   */
  async sendPiece(request: number, head: PieceHead, data: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.send({ kind: 'piece', request, ...head }, signal)
    // One frame's memory serves all chunks: the channel copies what it takes, and only one piece is sent at a time.
    this.#chunk ??= new Uint8Array(1 + CHUNK_BYTES)
    for (let at = 0; at < data.length; at += CHUNK_BYTES)
      await this.#sendFrame(encodeChunk(data.subarray(at, at + CHUNK_BYTES), this.#chunk), signal)
  }

  /** The next message; undefined at the orderly end. @throws CraftecError `protocol-violation`, or why the channel ended */
  async receive(): Promise<TransferMessage | undefined> {
    const { done, value } = await this.#frames.next()
    if (done) return undefined
    try {
      return decodeTransferMessage(value)
    } catch (cause) {
      throw new CraftecError('protocol-violation', 'the peer sent a storage message that does not decode', { cause })
    }
  }

  #sendFrame(frame: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    if (this.channel.trySend(frame)) return Promise.resolve()
    return withDeadline(
      { signal, timeoutMs: SEND_TIMEOUT_MS, what: 'storage peer to take what it asked for', clock: this.#clock },
      inner => this.channel.send(frame, { signal: inner })
    )
  }
}
