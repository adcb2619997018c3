import { tlsError } from './alert.ts'
import { HANDSHAKE_HEADER_BYTES, HANDSHAKE_TYPE } from './protocol-numbers.ts'

export interface HandshakeMessage {
  readonly type: number
  readonly body: Uint8Array
  /** Header and body, as they go into the transcript. */
  readonly bytes: Uint8Array
}

/** A chain of 30 certificates of 4 KiB fits; browsers refuse chains far smaller. */
const MAX_CERTIFICATE_BYTES = 128 * 1024
/** A NewSessionTicket may be this long (§4.6.1); nothing else comes near. */
const MAX_MESSAGE_BYTES = 0xffff + 0x200

const FIRST_CAPACITY_BYTES = 4096

/**
 * Joins handshake messages that were split over records and parts those that share one (RFC 8446 §5.1). It holds one
 * message and one record at most, in one buffer: a server that sends a byte a record must not cost a list of all of them.
 */
export class HandshakeReader {
  #buffer = new Uint8Array(0)
  #start = 0
  #end = 0

  /** No message has been begun: the only place where keys may change (§5.1). */
  get atBoundary(): boolean {
    return this.#start === this.#end
  }

  /** Call {@link next} until it has nothing more before the next fragment. @throws CraftecError `tls-protocol-violation` for an empty fragment (§5.1) */
  push(fragment: Uint8Array): void {
    if (fragment.length === 0) throw tlsError('unexpected_message', 'a handshake record without content')
    const pending = this.#buffer.subarray(this.#start, this.#end)
    const size = pending.length + fragment.length
    if (size > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(FIRST_CAPACITY_BYTES, 2 * this.#buffer.length, size))
      larger.set(pending)
      this.#buffer = larger
    } else if (this.#start > 0) this.#buffer.copyWithin(0, this.#start, this.#end)
    this.#buffer.set(fragment, pending.length)
    this.#start = 0
    this.#end = size
  }

  /** @throws CraftecError `tls-protocol-violation` when the message is longer than any of its kind may be */
  next(): HandshakeMessage | undefined {
    const pending = this.#buffer.subarray(this.#start, this.#end)
    if (pending.length < HANDSHAKE_HEADER_BYTES) return undefined
    const [type = 0, high = 0, middle = 0, low = 0] = pending
    const length = high * 0x10000 + middle * 0x100 + low
    const limit = type === HANDSHAKE_TYPE.certificate ? MAX_CERTIFICATE_BYTES : MAX_MESSAGE_BYTES
    if (length > limit)
      throw tlsError('illegal_parameter', `a handshake message of ${length} bytes; at most ${limit} are read`)
    const total = HANDSHAKE_HEADER_BYTES + length
    if (pending.length < total) return undefined
    const bytes = pending.slice(0, total)
    this.#start += total
    if (this.atBoundary) {
      // Little comes after the certificates: what held them need not be kept for the life of the connection.
      this.#buffer = new Uint8Array(0)
      this.#start = 0
      this.#end = 0
    }
    return { type, bytes, body: bytes.subarray(HANDSHAKE_HEADER_BYTES) }
  }
}
