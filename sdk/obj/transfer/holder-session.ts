import { type Clock, systemClock, withDeadline } from '../../async/index.ts'
import { sha256 } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { PeerId } from '../../identity/index.ts'
import type { Channel, P2pNode, PeerAddresses } from '../../p2p/index.ts'
import { equalBytes } from '../hashing/index.ts'
import { PieceAssembler } from './piece-assembler.ts'
import { MAX_MANIFEST_BYTES, MAX_TRANSFER_FRAME_BYTES } from './transfer-limits.ts'
import { TransferLink } from './transfer-link.ts'
import {
  type EndReason,
  type Offer,
  type PieceHead,
  type SegmentHoldings,
  TRANSFER_PROTOCOL,
  type TransferMessage,
  type Want
} from './transfer-message.ts'

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds for the whole call. */
  readonly timeoutMs?: number
}

export interface WantSink {
  /** A piece of the right length; nothing else about it has been checked. What this throws ends the session. */
  onPiece(head: PieceHead, data: Uint8Array): void
  /** Memory for a piece of that length, which is filled before `onPiece` gets it. Default: new memory. */
  room?(bytes: number): Uint8Array
  /** Once, unless the session ends first: that is `closed`. */
  onEnd(reason: EndReason, retryAfterMs: number): void
}

export interface OfferedPiece {
  readonly head: PieceHead
  readonly data: Uint8Array
}

export type OfferResult =
  | { readonly outcome: 'stored'; readonly pieces: number }
  | { readonly outcome: EndReason; readonly retryAfterMs: number }

interface Exchange {
  /** Pieces that may still come. */
  piecesLeft: number
  /** Memory for the next of them. */
  room(): Uint8Array
  /** @returns whether the exchange is over */
  onMessage(message: TransferMessage): boolean
  onPiece(head: PieceHead, data: Uint8Array): void
  fail(error: CraftecError): void
}

const ANSWER_TIMEOUT_MS = 10_000
/** Pieces on the way here. On a busy machine with round trips of 80 ms a channel's own 1 MiB carried 12 MB/s, and both ends waited. */
const WINDOW_BYTES = 3 * 1024 * 1024
const STORE_TIMEOUT_MS = 60_000
/** Exchanges open at once, cancelled ones included until the holder has said so. */
const MAX_EXCHANGES = 64

/** One channel to a holder, seen from whoever asks. What a holder does wrong ends the session with `protocol-violation`. */
export class HolderSession {
  readonly peer: PeerId
  /** Ed25519, 32 bytes, proven by the connection. */
  readonly key: Uint8Array
  /** Settles when the session ends: undefined after an orderly end, else why. Never rejects. */
  readonly closed: Promise<CraftecError | undefined>
  readonly #link: TransferLink
  readonly #clock: Clock
  readonly #exchanges = new Map<number, Exchange>()
  readonly #assembler = new PieceAssembler()
  #nextRequest = 1
  #over: CraftecError | undefined

  constructor(channel: Channel, clock: Clock = systemClock) {
    this.peer = channel.remotePeer
    this.key = channel.remoteKey
    this.#link = new TransferLink(channel, clock)
    this.#clock = clock
    this.closed = this.#run()
  }

  /** @throws CraftecError `link-failed` | `timeout` | `aborted` | `stopped` */
  static async open(
    node: Pick<P2pNode, 'openChannel'>,
    peer: PeerAddresses,
    { signal, timeoutMs = ANSWER_TIMEOUT_MS, clock = systemClock }: CallOptions & { readonly clock?: Clock } = {}
  ): Promise<HolderSession> {
    // what a message says is copied before the next one is looked at
    const memory = { maxFrameBytes: MAX_TRANSFER_FRAME_BYTES, windowBytes: WINDOW_BYTES, reuseFrames: true }
    const limits = { ...memory, signal, timeoutMs }
    return new HolderSession(await node.openChannel(peer, TRANSFER_PROTOCOL, limits), clock)
  }

  /**
   * @returns the manifest, its hash checked; undefined when the holder does not know it
   * @throws CraftecError `link-closed` | `timeout` | `aborted` | `protocol-violation`
   */
  manifest(manifestId: Uint8Array, options: CallOptions = {}): Promise<Uint8Array | undefined> {
    let bytes: Uint8Array | undefined
    let filled = 0
    return this.#ask<Uint8Array | undefined>(
      request => ({ kind: 'manifest-request', request, manifestId }),
      options,
      (message, resolve) => {
        if (message.kind === 'end') return resolve(undefined)
        if (message.kind !== 'manifest') throw unexpected(message)
        bytes ??= new Uint8Array(Math.min(message.total, MAX_MANIFEST_BYTES))
        if (message.total !== bytes.length || filled + message.bytes.length > bytes.length)
          throw new CraftecError('protocol-violation', 'parts of a manifest that do not fit together')
        bytes.set(message.bytes, filled)
        filled += message.bytes.length
        if (filled < bytes.length) return false
        if (!equalBytes(sha256(bytes), manifestId))
          throw new CraftecError('protocol-violation', 'the holder sent another manifest than the one asked for')
        return resolve(bytes)
      }
    )
  }

  /**
   * What the holder has, from segment `first` on.
   * @returns undefined when it does not know the content
   * @throws CraftecError as {@link manifest}
   */
  holdings(
    manifestId: Uint8Array,
    first: number,
    options: CallOptions = {}
  ): Promise<{ readonly segments: readonly SegmentHoldings[]; readonly more: boolean } | undefined> {
    return this.#ask<{ segments: readonly SegmentHoldings[]; more: boolean } | undefined>(
      request => ({ kind: 'query', request, manifestId, first }),
      options,
      (message, resolve) => {
        if (message.kind === 'end') return resolve(undefined)
        if (message.kind !== 'have' || message.first !== first) throw unexpected(message)
        return resolve({ segments: message.segments, more: message.more })
      }
    )
  }

  /** @returns records of other holders; nothing is known of them but what they signed. @throws CraftecError as {@link manifest} */
  holders(contentId: Uint8Array, options: CallOptions = {}): Promise<readonly Uint8Array[]> {
    return this.#ask<readonly Uint8Array[]>(
      request => ({ kind: 'peers-request', request, contentId }),
      options,
      (message, resolve) => {
        if (message.kind !== 'peers') throw unexpected(message)
        return resolve(message.records.map(record => record.slice()))
      }
    )
  }

  /** @returns the answer to an audit, unchecked; undefined when there is none. @throws CraftecError as {@link manifest} */
  challenge(bytes: Uint8Array, options: CallOptions = {}): Promise<Uint8Array | undefined> {
    return this.#ask<Uint8Array | undefined>(
      request => ({ kind: 'challenge', request, bytes }),
      options,
      (message, resolve) => {
        if (message.kind === 'end') return resolve(undefined)
        if (message.kind !== 'proof') throw unexpected(message)
        return resolve(message.bytes.slice())
      }
    )
  }

  /**
   * Ask for pieces. They come in the order in which they were asked for.
   * @returns a function that ends it: what is on the way is dropped, and `sink` hears nothing more
   * @throws CraftecError `limit-exceeded` | `link-closed`
   */
  want(want: Want, pieceBytes: number, sink: WantSink): () => void {
    let silent = false
    const request = this.#open({
      piecesLeft: want.committed.size + want.recoded + want.fresh,
      room: () => sink.room?.(pieceBytes) ?? new Uint8Array(pieceBytes),
      onMessage: message => {
        if (message.kind !== 'end') throw unexpected(message)
        if (!silent) sink.onEnd(message.reason, message.retryAfterMs)
        return true
      },
      onPiece: (head, data) => {
        if (!silent) sink.onPiece(head, data)
      },
      fail: () => {}
    })
    this.#tell({ kind: 'want', request, ...want })
    return () => {
      if (silent || !this.#exchanges.has(request)) return
      silent = true
      this.#tell({ kind: 'cancel', request })
    }
  }

  /**
   * Offer pieces of one segment, and send as many as the holder grants.
   * @param manifest sent along when the holder does not know the content yet
   * @param pieces in order of preference; made as they are needed
   * @throws CraftecError `link-closed` | `timeout` | `aborted` | `protocol-violation`
   */
  offer(
    offer: Offer,
    manifest: Uint8Array,
    pieces: (granted: number) => Promise<readonly OfferedPiece[]>,
    { signal, timeoutMs = STORE_TIMEOUT_MS }: CallOptions = {}
  ): Promise<OfferResult> {
    let granted = false
    return this.#ask<OfferResult>(
      request => ({ kind: 'offer', request, ...offer }),
      { signal, timeoutMs },
      (message, resolve, reject) => {
        if (message.kind === 'end') return resolve({ outcome: message.reason, retryAfterMs: message.retryAfterMs })
        if (message.kind === 'stored' && granted) return resolve({ outcome: 'stored', pieces: message.pieces })
        if (message.kind !== 'grant' || granted || message.pieces < 1 || message.pieces > offer.pieces)
          throw unexpected(message)
        granted = true
        this.#sendOffered(message, message.manifest ? manifest : undefined, pieces, signal).catch(reject)
        return false
      }
    )
  }

  async #sendOffered(
    { request, pieces: count }: { readonly request: number; readonly pieces: number },
    manifest: Uint8Array | undefined,
    make: (granted: number) => Promise<readonly OfferedPiece[]>,
    signal: AbortSignal | undefined
  ): Promise<void> {
    if (manifest) await sendManifest(this.#link, request, manifest, signal)
    const pieces = await make(count)
    await this.#inTurn(async () => {
      for (const { head, data } of pieces.slice(0, count)) await this.#link.sendPiece(request, head, data, signal)
    })
    await this.#link.send({ kind: 'end', request, reason: 'done', retryAfterMs: 0 }, signal)
  }

  /** Pieces are not mixed on a channel: one offer sends after another. */
  #sending: Promise<unknown> = Promise.resolve()
  #inTurn(task: () => Promise<void>): Promise<void> {
    const turn = this.#sending.then(task)
    this.#sending = turn.catch(() => {})
    return turn
  }

  /** Say goodbye. Never rejects. */
  async close(): Promise<void> {
    if (!this.#over) {
      this.#tell({ kind: 'bye', reason: 'done' })
      await this.#link.channel.close()
    }
    await this.closed
  }

  /** End at once, because of what the holder did. */
  abort(error: CraftecError): void {
    this.#link.channel.abort(error)
  }

  async #run(): Promise<CraftecError | undefined> {
    let failure: CraftecError | undefined
    try {
      for (;;) {
        const message = await this.#link.receive()
        if (message === undefined || message.kind === 'bye') break
        this.#take(message)
      }
    } catch (error) {
      failure = CraftecError.from(error)
      this.#link.channel.abort(failure)
    }
    const over = failure ?? new CraftecError('link-closed', 'the holder ended the session')
    this.#over = over
    for (const exchange of this.#exchanges.values()) exchange.fail(over)
    this.#exchanges.clear()
    if (!failure) void this.#link.channel.close()
    return failure
  }

  #take(message: TransferMessage): void {
    if (message.kind === 'chunk') {
      const piece = this.#assembler.add(message.data)
      if (piece) this.#exchanges.get(piece.request)?.onPiece(piece.head, piece.data)
      return
    }
    if (message.kind === 'bye') return
    const exchange = this.#exchanges.get(message.request)
    if (!exchange) throw new CraftecError('protocol-violation', `a ${message.kind} message that nobody asked for`)
    if (message.kind === 'piece') {
      if (exchange.piecesLeft-- <= 0)
        throw new CraftecError('protocol-violation', 'more pieces than were asked for, or of another kind')
      this.#assembler.begin(message.request, message, exchange.room())
    } else if (exchange.onMessage(message)) this.#exchanges.delete(message.request)
  }

  #open(exchange: Exchange): number {
    if (this.#over) throw this.#over
    if (this.#exchanges.size >= MAX_EXCHANGES)
      throw new CraftecError('limit-exceeded', `${MAX_EXCHANGES} exchanges with one holder are open; await some`)
    const request = this.#nextRequest++ >>> 0
    this.#exchanges.set(request, exchange)
    return request
  }

  /** A message that the caller does not wait for: if it cannot be sent, the session is over, and says so by itself. */
  #tell(message: TransferMessage): void {
    this.#link.send(message).catch(error => this.abort(CraftecError.from(error)))
  }

  #ask<T>(
    message: (request: number) => TransferMessage,
    { signal, timeoutMs = ANSWER_TIMEOUT_MS }: CallOptions,
    onAnswer: (answer: TransferMessage, resolve: (value: T) => true, reject: (error: unknown) => void) => boolean
  ): Promise<T> {
    const waiting = { signal, timeoutMs, what: 'answer of a holder', clock: this.#clock }
    const answered = withDeadline(waiting, inner => {
      return new Promise<T>((resolve, reject) => {
        const request = this.#open({
          piecesLeft: 0,
          room: () => new Uint8Array(0),
          onMessage: answer =>
            onAnswer(
              answer,
              value => {
                resolve(value)
                return true
              },
              reject
            ),
          onPiece: () => {},
          fail: reject
        })
        this.#link.send(message(request), inner).catch(reject)
      })
    })
    // The exchange of a caller who left stays until its answer came; a holder that gives none is of no use to anybody.
    answered.catch(error => {
      if (error instanceof CraftecError && error.code === 'timeout') this.abort(error)
    })
    return answered
  }
}

/** The parts of a manifest, as an answer or with an offer. */
export async function sendManifest(
  link: TransferLink,
  request: number,
  manifest: Uint8Array,
  signal?: AbortSignal
): Promise<void> {
  const PART_BYTES = 64 * 1024
  for (let at = 0; at < manifest.length; at += PART_BYTES) {
    const bytes = manifest.subarray(at, at + PART_BYTES)
    await link.send({ kind: 'manifest', request, total: manifest.length, bytes }, signal)
  }
}

function unexpected(message: TransferMessage): CraftecError {
  return new CraftecError('protocol-violation', `a ${message.kind} message is no answer to what was asked`)
}
