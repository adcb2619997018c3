/** The opening handshake of RFC 6455 §4, the client's half: a request head, and what its answer must say. */
import type { RandomBytes } from '../../async/index.ts'
import { encodeBase64 } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { AnswerHead } from '../http/index.ts'

export interface WebSocketOpening {
  /** Beside those of every request that asks for an upgrade. */
  readonly headers: readonly (readonly [string, string])[]
  /** What proves that the server read them. */
  readonly accept: string
  readonly protocols: readonly string[]
}

/** RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const KEY_BYTES = 16

/** @param protocols subprotocols to offer, best first */
export async function createOpening(protocols: readonly string[], random: RandomBytes): Promise<WebSocketOpening> {
  const key = encodeBase64(random(KEY_BYTES))
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(key + GUID))
  return {
    headers: [
      ['Sec-WebSocket-Key', key],
      ['Sec-WebSocket-Version', '13'],
      ...(protocols.length > 0 ? [['Sec-WebSocket-Protocol', protocols.join(', ')] as const] : [])
    ],
    accept: encodeBase64(new Uint8Array(digest)),
    protocols
  }
}

/**
 * §4.1, what the client must check.
 * @returns the subprotocol agreed on, '' for none
 * @throws CraftecError `websocket-refused` for another status than 101, with `details.status`; `protocol-violation`
 */
export function checkAnswer({ status, headers }: AnswerHead, { accept, protocols }: WebSocketOpening): string {
  if (status !== 101)
    throw new CraftecError('websocket-refused', `the server answered the opening handshake with status ${status}`, {
      details: { status }
    })
  const valuesOf = (name: string): string[] =>
    headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value.trim())
  const tokensOf = (name: string): string[] =>
    valuesOf(name).flatMap(value => value.split(',').map(token => token.trim().toLowerCase()))
  if (!tokensOf('connection').includes('upgrade')) throw broken('Connection does not say upgrade')
  if (valuesOf('upgrade').join().toLowerCase() !== 'websocket') throw broken('Upgrade does not say websocket')
  if (valuesOf('sec-websocket-accept').join() !== accept) throw broken('Sec-WebSocket-Accept is not for our key')
  if (valuesOf('sec-websocket-extensions').length > 0) throw broken('an extension that was not offered')
  const chosen = valuesOf('sec-websocket-protocol')
  const [protocol] = chosen
  if (protocol === undefined) {
    // The WebSockets Standard is stricter than the RFC: who asks for protocols wants one of them.
    if (protocols.length > 0) throw broken('none of the subprotocols that were asked for')
    return ''
  }
  if (chosen.length > 1 || !protocols.includes(protocol)) throw broken('a subprotocol that was not offered')
  return protocol
}

function broken(why: string): CraftecError {
  return new CraftecError('protocol-violation', `the server broke the WebSocket opening handshake: ${why}`)
}
