/** Why a WebSocket closes: RFC 6455 §5.5.1 and §7.4. */
import { CraftecError } from '../../errors/index.ts'
import { MAX_CONTROL_BYTES } from './frame.ts'
import { violation } from './violation.ts'

export interface WebSocketCloseInfo {
  /** A status of RFC 6455 §7.4; 1005 when none was given. */
  readonly closeCode: number
  readonly reason: string
}

/** Statuses of the registry that may be sent; 1004, 1005, 1006 and 1015 may not (§7.4.1). */
const SENT_BY_PEERS = new Set([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014])
const NO_STATUS = 1005
const MAX_REASON_BYTES = MAX_CONTROL_BYTES - 2

/**
 * What a caller may close with: 1000, or a status of its own from 3000 to 4999 (WebSockets Standard, "close()").
 * @throws CraftecError `invalid-argument`
 */
export function checkCloseInfo(closeCode: number | undefined, reason: string): void {
  if (closeCode !== undefined && closeCode !== 1000 && !isPrivate(closeCode))
    throw new CraftecError('invalid-argument', `a WebSocket closes with 1000 or 3000 to 4999, not with ${closeCode}`)
  const reasonBytes = new TextEncoder().encode(reason).length
  if (reasonBytes > MAX_REASON_BYTES)
    throw new CraftecError('invalid-argument', `the reason has ${reasonBytes} bytes, at most ${MAX_REASON_BYTES} fit`)
}

/** The payload of a Close frame; empty without a status. */
export function encodeCloseInfo({ closeCode, reason }: WebSocketCloseInfo): Uint8Array {
  if (closeCode === NO_STATUS) return new Uint8Array(0)
  const text = new TextEncoder().encode(reason)
  const payload = new Uint8Array(2 + text.length)
  new DataView(payload.buffer).setUint16(0, closeCode)
  payload.set(text, 2)
  return payload
}

/** @throws CraftecError `protocol-violation` */
export function decodeCloseInfo(payload: Uint8Array): WebSocketCloseInfo {
  const [high, low] = payload
  if (high === undefined) return { closeCode: NO_STATUS, reason: '' }
  if (low === undefined) throw violation('a Close frame with one byte')
  const closeCode = high * 256 + low
  if (!SENT_BY_PEERS.has(closeCode) && !isPrivate(closeCode)) throw violation(`closed with status ${closeCode}`)
  return { closeCode, reason: decodeText(payload.subarray(2)) }
}

/** @throws CraftecError `protocol-violation` for what is not UTF-8 (§8.1) */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw violation('text that is not UTF-8', 1007)
  }
}

function isPrivate(closeCode: number): boolean {
  return Number.isInteger(closeCode) && closeCode >= 3000 && closeCode <= 4999
}
