import { tlsError } from './alert.ts'
import { concat } from './concat.ts'
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

/** Joins handshake messages that were split over records and parts those that share one (RFC 8446 §5.1). */
export class HandshakeReader {
  #parts: Uint8Array[] = []
  #size = 0

  /** No message has been begun: the only place where keys may change (§5.1). */
  get atBoundary(): boolean {
    return this.#size === 0
  }

  /** @throws CraftecError `tls-protocol-violation` for an empty fragment (§5.1) */
  push(fragment: Uint8Array): void {
    if (fragment.length === 0) throw tlsError('unexpected_message', 'a handshake record without content')
    this.#parts.push(fragment)
    this.#size += fragment.length
  }

  /** @throws CraftecError `tls-protocol-violation` when the message is longer than any of its kind may be */
  next(): HandshakeMessage | undefined {
    if (this.#size < HANDSHAKE_HEADER_BYTES) return undefined
    const [type = 0, high = 0, middle = 0, low = 0] = this.#peekHeader()
    const length = high * 0x10000 + middle * 0x100 + low
    const limit = type === HANDSHAKE_TYPE.certificate ? MAX_CERTIFICATE_BYTES : MAX_MESSAGE_BYTES
    if (length > limit)
      throw tlsError('illegal_parameter', `a handshake message of ${length} bytes; at most ${limit} are read`)
    const total = HANDSHAKE_HEADER_BYTES + length
    if (this.#size < total) return undefined
    const whole = concat(...this.#parts)
    const rest = whole.subarray(total)
    this.#parts = rest.length === 0 ? [] : [rest]
    this.#size = rest.length
    const bytes = whole.subarray(0, total)
    return { type, bytes, body: bytes.subarray(HANDSHAKE_HEADER_BYTES) }
  }

  #peekHeader(): Uint8Array {
    const [first] = this.#parts
    if (first !== undefined && first.length >= HANDSHAKE_HEADER_BYTES) return first
    // Joined once, so that a message sent byte by byte does not cost a copy of everything for every byte.
    const joined = concat(...this.#parts)
    this.#parts = [joined]
    return joined
  }
}
