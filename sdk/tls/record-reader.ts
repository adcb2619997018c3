import { tlsError } from './alert.ts'
import { MAX_CIPHERTEXT_BYTES, RECORD_HEADER_BYTES } from './protocol-numbers.ts'

export interface TlsRecord {
  readonly header: Uint8Array
  readonly type: number
  readonly body: Uint8Array
}

/**
 * Cuts what the transport delivers into records (RFC 8446 §5.1). It keeps one chunk of the transport and less than one
 * record beside it, whatever the sizes of either.
 */
export class RecordReader {
  readonly #partial = new Uint8Array(RECORD_HEADER_BYTES + MAX_CIPHERTEXT_BYTES)
  #filled = 0
  #chunk: Uint8Array = new Uint8Array(0)

  /** Only when {@link next} has nothing more. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk
  }

  /** Bytes held. */
  get buffered(): number {
    return this.#filled + this.#chunk.length
  }

  /**
   * @returns a record, or `undefined` until more bytes come
   * @throws CraftecError `tls-protocol-violation` when it is no TLS record, or too long; before its body is waited for
   */
  next(): TlsRecord | undefined {
    if (this.#filled === 0) {
      const wanted = recordLength(this.#chunk)
      if (wanted !== undefined && this.#chunk.length >= wanted) return splitRecord(this.#consume(wanted))
    }
    this.#fill(RECORD_HEADER_BYTES)
    const wanted = recordLength(this.#partial.subarray(0, this.#filled))
    if (wanted === undefined) return undefined
    this.#fill(wanted)
    if (this.#filled < wanted) return undefined
    this.#filled = 0
    return splitRecord(this.#partial.slice(0, wanted))
  }

  #fill(until: number): void {
    if (this.#filled >= until) return
    const taken = this.#consume(Math.min(until - this.#filled, this.#chunk.length))
    this.#partial.set(taken, this.#filled)
    this.#filled += taken.length
  }

  #consume(count: number): Uint8Array {
    const taken = this.#chunk.subarray(0, count)
    this.#chunk = this.#chunk.subarray(count)
    return taken
  }
}

/** Header and body together, or `undefined` while the header is not complete. */
function recordLength(bytes: Uint8Array): number | undefined {
  const [type, major, , high, low] = bytes
  if (type === undefined) return undefined
  // The version is to be ignored (§5.1), but its first byte never was anything but 3, and telling HTTP from TLS helps.
  if (type < 20 || type > 23 || (major !== undefined && major !== 3))
    throw tlsError('unexpected_message', 'the server does not answer in TLS; is this the right port?')
  if (high === undefined || low === undefined) return undefined
  const length = high * 0x100 + low
  if (length > MAX_CIPHERTEXT_BYTES) throw tlsError('record_overflow', `a record of ${length} bytes`)
  return RECORD_HEADER_BYTES + length
}

function splitRecord(bytes: Uint8Array): TlsRecord {
  const header = bytes.subarray(0, RECORD_HEADER_BYTES)
  return { header, type: header[0] ?? 0, body: bytes.subarray(RECORD_HEADER_BYTES) }
}
