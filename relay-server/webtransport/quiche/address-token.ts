/**
 * Stateless proof that a client receives at its source address (RFC 9000 §8.1.2): the token of a Retry packet.
 * Opaque to the client; bound to its address and to the connection id the Retry chose.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { concat } from '../h3/tlv-reader.ts'

const TAG_BYTES = 16
const TIME_BYTES = 8
/** RFC 9000 §8.1.3: a Retry token is used at once, so a short life costs nothing. */
const LIFETIME_MS = 10_000
const MAX_ODCID_BYTES = 20

export interface TokenContext {
  readonly host: string
  readonly port: number
  /** The server's connection id in the Retry; the client's next packet is addressed to it. */
  readonly retryScid: Uint8Array
}

export function mintAddressToken(key: Uint8Array, context: TokenContext, odcid: Uint8Array, now: number): Uint8Array {
  const time = new Uint8Array(TIME_BYTES)
  new DataView(time.buffer).setBigUint64(0, BigInt(now))
  const body = concat(time, odcid)
  return concat(tag(key, context, body), body)
}

/** @returns the client's first destination connection id, or `undefined` when the token is not one of ours or too old */
export function openAddressToken(
  key: Uint8Array,
  context: TokenContext,
  token: Uint8Array,
  now: number
): Uint8Array | undefined {
  if (token.length <= TAG_BYTES + TIME_BYTES || token.length > TAG_BYTES + TIME_BYTES + MAX_ODCID_BYTES)
    return undefined
  const body = token.subarray(TAG_BYTES)
  if (!timingSafeEqual(token.subarray(0, TAG_BYTES), tag(key, context, body))) return undefined
  const minted = Number(new DataView(body.buffer, body.byteOffset, TIME_BYTES).getBigUint64(0))
  return now >= minted && now - minted <= LIFETIME_MS ? body.slice(TIME_BYTES) : undefined
}

function tag(key: Uint8Array, context: TokenContext, body: Uint8Array): Uint8Array {
  const mac = createHmac('sha256', key).update(`${context.host}|${context.port}|${context.retryScid.length}|`)
  return mac.update(context.retryScid).update(body).digest().subarray(0, TAG_BYTES)
}
